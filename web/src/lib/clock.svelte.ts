// One shared tick per second, on the server's time: countdowns agree with the server whatever this computer's clock says.

const state = $state({ now: Date.now(), offset: 0 });
let running: ReturnType<typeof setInterval> | null = null;

/** The server's present in ms, renewed every second. */
export function now(): number {
  return state.now;
}

/** Sets the offset from the server's greeting. */
export function setServerTime(time: string): void {
  const server = Date.parse(time);
  if (!Number.isNaN(server)) shift(server - Date.now());
}

/** An event from later than we believe proves that the server is ahead; older ones are only being caught up. */
export function sawServerTime(time: string | null | undefined): void {
  const offset = Date.parse(time ?? '') - Date.now();
  if (offset > state.offset) shift(offset);
}

export function startClock(): void {
  running ??= setInterval(() => (state.now = Date.now() + state.offset), 1000);
}

function shift(offset: number): void {
  state.offset = offset;
  state.now = Date.now() + offset;
}
