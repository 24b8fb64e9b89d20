// A code made of a title.

/** A code as the wire wants it: small letters, digits and underscores. */
export function codeOf(title: string): string {
  return title.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/gu, '_').replace(/^_+|_+$/gu, '').slice(0, 40);
}
