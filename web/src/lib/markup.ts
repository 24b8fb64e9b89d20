// WhatsApp's marks (*bold*, _italic_, ~strike~, ```mono```) and links, as tokens. Text never becomes HTML: the
// components draw tokens as DOM nodes.

export type Mark = 'bold' | 'italic' | 'strike' | 'mono';
export type Token = { kind: 'text'; text: string; marks: Mark[] } | { kind: 'link'; text: string; href: string };

const MARKS: Record<string, Mark> = { '*': 'bold', _: 'italic', '~': 'strike' };
const LINK = /https?:\/\/[^\s<>"'`]+/giu;
const MAX_DEPTH = 3;

export function tokens(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  for (const block of text.matchAll(/```([\s\S]+?)```/gu)) {
    out.push(...linked(text.slice(at, block.index)));
    out.push({ kind: 'text', text: block[1] ?? '', marks: ['mono'] });
    at = block.index + block[0].length;
  }
  out.push(...linked(text.slice(at)));
  return out;
}

function linked(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  for (const found of text.matchAll(LINK)) {
    // Punctuation that ends a sentence is not part of the address.
    const href = found[0].replace(/[),.;:!?*_~\]]+$/u, '');
    if (href.length < 9) continue;
    out.push(...marked(text.slice(at, found.index), [], 0));
    out.push({ kind: 'link', text: href, href });
    at = found.index + href.length;
  }
  out.push(...marked(text.slice(at), [], 0));
  return out;
}

/** Marks count only around words: 2*3*4 stays as it is. */
function marked(text: string, marks: Mark[], depth: number): Token[] {
  if (text === '') return [];
  const found = depth < MAX_DEPTH ? /(?<![\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\1(?![\p{L}\p{N}])/u.exec(text) : null;
  const mark = found ? MARKS[found[1] ?? ''] : undefined;
  if (!found || !mark) return [{ kind: 'text', text, marks }];
  const end = found.index + found[0].length;
  return [
    ...marked(text.slice(0, found.index), marks, depth),
    ...marked(found[2] ?? '', [...marks, mark], depth + 1),
    ...marked(text.slice(end), marks, depth),
  ];
}

/** The same text for one line of a list: no marks, no line breaks. */
export function plainText(text: string): string {
  return tokens(text).map((token) => token.text).join('').replace(/\s+/gu, ' ');
}
