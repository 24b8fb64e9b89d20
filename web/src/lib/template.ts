// A message template as a form: its fields, its preview, what is missing and what is sent. Pure.
import type { FilledTemplate, Template } from './protocol';

export interface Field {
  id: string;
  area: 'header' | 'body' | 'button';
  kind: 'text' | 'file';
  /** The parameter's key, or the button's index. */
  key: string;
  /** What people call it: the parameter's name or the button's text. */
  name: string;
  accept?: string;
}

export type Values = Record<string, string>;

const FILES: Record<string, string> = { image: 'image/jpeg,image/png', video: 'video/mp4,video/3gpp', document: '*/*' };
const HOLE = /\{\{\s*([\w.-]+)\s*\}\}/gu;

export function isUsable(template: Template): boolean {
  return template.status.toLowerCase() === 'approved';
}

export function fieldsOf(template: Template): Field[] {
  const fields: Field[] = [];
  const format = template.header?.format.toLowerCase() ?? '';
  const accept = FILES[format];
  if (accept) fields.push({ id: 'header', area: 'header', kind: 'file', key: 'media', name: '', accept });
  const headerText = template.header?.text ?? '';
  if (format === 'text' && parameters(template.header?.parameters, headerText).length > 0) {
    fields.push({ id: 'header', area: 'header', kind: 'text', key: 'text', name: '' });
  }
  for (const key of parameters(template.parameters, template.body)) {
    fields.push({ id: `body-${key}`, area: 'body', kind: 'text', key, name: key });
  }
  (template.buttons ?? []).forEach((button, index) => {
    if (!button.needs_value) return;
    fields.push({ id: `button-${index}`, area: 'button', kind: 'text', key: String(index), name: button.text });
  });
  return fields;
}

function parameters(declared: readonly string[] | undefined, text: string): string[] {
  if (declared && declared.length > 0) return [...declared];
  return [...new Set([...text.matchAll(HOLE)].map((hole) => hole[1] ?? ''))];
}

/** The fields that still need a value; blanks are no value. */
export function missing(fields: readonly Field[], values: Values): Field[] {
  return fields.filter((field) => (values[field.id] ?? '').trim() === '');
}

/** A text with its holes filled; what is not filled yet stays visible as a hole. */
export function filled(text: string, lookup: (key: string) => string | undefined): { text: string; hole: boolean }[] {
  const out: { text: string; hole: boolean }[] = [];
  let at = 0;
  for (const hole of text.matchAll(HOLE)) {
    if (hole.index > at) out.push({ text: text.slice(at, hole.index), hole: false });
    const value = lookup(hole[1] ?? '')?.trim();
    out.push(value ? { text: value, hole: false } : { text: `{{${hole[1] ?? ''}}}`, hole: true });
    at = hole.index + hole[0].length;
  }
  if (at < text.length) out.push({ text: text.slice(at), hole: false });
  return out;
}

export function plain(template: Template, values: Values): string {
  return filled(template.body, (key) => values[`body-${key}`]).map((part) => part.text).join('');
}

export function toSend(template: Template, fields: readonly Field[], values: Values): FilledTemplate {
  const parameters: Record<string, string> = {};
  const sent: FilledTemplate = { name: template.name, language: template.language, parameters };
  for (const field of fields) {
    const value = (values[field.id] ?? '').trim();
    if (field.area === 'body') parameters[field.key] = value;
    else if (field.area === 'button') sent.buttons = { ...sent.buttons, [field.key]: value };
    else sent.header = field.kind === 'file' ? { media_id: value } : { text: value };
  }
  return sent;
}
