// Prepared answers and their forms. Pure: what the server knows it has filled in already.
import type { QuickReply, QuickReplyField } from './protocol';

/** A shortcut without the slash that some write before it. */
export function word(shortcut: string): string {
  return shortcut.replace(/^\//u, '');
}

/** Names in braces that are still in the text and are no field: the server does not know them, the agent may. */
function unknown(reply: QuickReply): string[] {
  const fields = new Set(reply.fields.map((field) => field.name));
  return [...new Set([...reply.text.matchAll(/\{([\w.]+)\}/gu)].map((hole) => hole[1] ?? ''))].filter((name) => !fields.has(name));
}

/** What to ask before the reply can be inserted, in the order in which it is read; nothing: insert it as it is. */
export function questions(reply: QuickReply): QuickReplyField[] {
  const extra = unknown(reply).map((name): QuickReplyField => ({ name, label: readable(name), kind: 'text', required: true }));
  const place = (field: QuickReplyField): number => reply.text.indexOf(`{${field.name}}`);
  return [...reply.fields, ...extra].sort((a, b) => place(a) - place(b));
}

function readable(name: string): string {
  return name.replaceAll(/[._]/gu, ' ');
}

/** The text with what is written so far, for the eye only: the server writes the one that is sent. */
export function preview(reply: QuickReply, values: Readonly<Record<string, string>>): { text: string; hole: boolean }[] {
  const labels = new Map(questions(reply).map((field) => [field.name, field.label]));
  const out: { text: string; hole: boolean }[] = [];
  let at = 0;
  for (const hole of reply.text.matchAll(/\{([\w.]+)\}/gu)) {
    if (hole.index > at) out.push({ text: reply.text.slice(at, hole.index), hole: false });
    const name = hole[1] ?? '';
    const value = values[name]?.trim();
    out.push(value ? { text: value, hole: false } : { text: labels.get(name) ?? name, hole: true });
    at = hole.index + hole[0].length;
  }
  if (at < reply.text.length) out.push({ text: reply.text.slice(at), hole: false });
  return out;
}
