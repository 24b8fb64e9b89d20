// How long to wait before trying again: full jitter, so that a restarted server is not stormed by everybody at once.

const BASE_MS = 500;
const CEILING_MS = 30_000;

/** A delay for the given attempt (0 is the first retry); `random` is in [0, 1). */
export function retryDelay(attempt: number, random: number): number {
  const ceiling = Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(attempt, 16));
  return Math.round(random * ceiling);
}
