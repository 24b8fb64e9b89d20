// Where the words of a search stand in a text, and the part of the text around the first of them. Pieces, never HTML.

export interface Piece { text: string; found: boolean }

const BEFORE = 60;
const AROUND = 240;
/** Endings that the index takes off: a word is found in its other forms too. */
const ENDING = 3;

export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

export function wordsOf(query: string): { word: string; beginning: boolean }[] {
  return (query.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*\*?/gu) ?? []).map((one) => ({ word: fold(one.replace('*', '')), beginning: one.endsWith('*') }));
}

function fits(text: string, wanted: { word: string; beginning: boolean }): boolean {
  const { word } = wanted;
  if (wanted.beginning) return text.startsWith(word);
  if (text === word) return true;
  const stem = Math.max(4, word.length - ENDING);
  return word.length >= 4 && text.startsWith(word.slice(0, stem)) && Math.abs(text.length - word.length) <= ENDING;
}

export function pieces(text: string, query: string): Piece[] {
  const wanted = wordsOf(query);
  const line = text.replace(/\s+/gu, ' ').trim();
  const found = [...line.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu)].filter((match) => wanted.some((one) => fits(fold(match[0]), one)));
  const first = found[0]?.index ?? 0;
  const from = first <= BEFORE ? 0 : line.lastIndexOf(' ', first - BEFORE) + 1;
  const to = Math.min(line.length, from + AROUND);
  const out: Piece[] = [];
  let at = from;
  const add = (end: number, isFound: boolean): void => {
    if (end > at) out.push({ text: line.slice(at, end), found: isFound });
    at = Math.max(at, end);
  };
  for (const match of found) {
    if (match.index >= to) break;
    add(match.index, false);
    add(Math.min(to, match.index + match[0].length), true);
  }
  add(to, false);
  if (from > 0) out.unshift({ text: '… ', found: false });
  if (to < line.length) out.push({ text: ' …', found: false });
  return out;
}
