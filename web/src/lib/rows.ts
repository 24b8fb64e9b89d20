// Which rows of a long list are drawn: those that are seen, a few around them, and one that must not vanish. Pure.

export interface Span { from: number; to: number }

const AROUND = 6;

/** Rows have one height; before the list is measured, a screenful is drawn. */
export function span(top: number, height: number, row: number, count: number): Span {
  if (row <= 0 || height <= 0) return { from: 0, to: Math.min(count, 30) };
  const from = Math.max(0, Math.min(Math.floor(top / row) - AROUND, count - 1));
  return { from: Math.max(0, from), to: Math.min(count, Math.ceil((top + height) / row) + AROUND) };
}

/** How far to scroll so that this row is wholly seen; null: it is. */
export function reveal(index: number, top: number, height: number, row: number): number | null {
  if (index * row < top) return index * row;
  const below = (index + 1) * row - height;
  return below > top ? below : null;
}
