// Prepared answers: what the console can fill in by itself, and where a person still has to. Pure.

/** A shortcut without the slash that some write before it. */
export function word(shortcut: string): string {
  return shortcut.replace(/^\//u, '');
}

/** Fills in the names that are known; other fields stay as they are, in braces. */
export function fillKnown(text: string, names: { contact?: string | null | undefined; agent?: string | null | undefined }): string {
  const values: Record<string, string> = {};
  for (const who of ['contact', 'agent'] as const) {
    const name = names[who]?.trim() ?? '';
    values[`${who}.name`] = name;
    values[`${who}.first_name`] = name.split(/\s+/u)[0] ?? '';
  }
  const filled = text.replace(/\{([\w.]+)\}/gu, (field, name: string) => values[name] ?? field);
  // "Bonjour , …" when a name is not known reads badly.
  return filled.replace(/ +([,.!?])/gu, (found, mark: string) => (/[!?]/u.test(mark) ? found : mark));
}

/** The first field that nobody has filled in yet. */
export function firstHole(text: string): { start: number; end: number } | null {
  const found = /\{[\w.]+\}/u.exec(text);
  return found ? { start: found.index, end: found.index + found[0].length } : null;
}
