// Short words about what just happened elsewhere: shown for a while, read out politely, never in the way.
import { SvelteMap } from 'svelte/reactivity';

export interface Toast {
  key: number;
  tone: 'good' | 'info' | 'warning';
  text: string;
  /** Where it leads. */
  href?: string;
}

const LASTS_MS = 9_000;
const MAX = 4;
const kept = new SvelteMap<number, Toast>();
let serial = 0;

export function toasts(): Toast[] {
  return [...kept.values()];
}

export function tell(text: string, tone: Toast['tone'] = 'info', href?: string): void {
  const key = ++serial;
  kept.set(key, { key, tone, text, ...(href ? { href } : {}) });
  for (const old of kept.keys()) if (kept.size > MAX) kept.delete(old);
  setTimeout(() => kept.delete(key), LASTS_MS);
}

export function dismiss(key: number): void {
  kept.delete(key);
}
