// The usual times to come back to something, on the reader's own calendar. Pure: the present is given.

export type Later = 'hour' | 'evening' | 'tomorrow' | 'monday';

const MORNING = 9;
const EVENING = 17;

export function later(now: number, what: Later): number {
  const at = new Date(now);
  if (what === 'hour') return now + 3_600_000;
  if (what === 'evening') return new Date(at.getFullYear(), at.getMonth(), at.getDate(), EVENING).getTime();
  const days = what === 'tomorrow' ? 1 : (8 - at.getDay()) % 7 || 7;
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + days, MORNING).getTime();
}

/** A moment as `<input type="datetime-local">` writes it. */
export function localInput(ms: number): string {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
