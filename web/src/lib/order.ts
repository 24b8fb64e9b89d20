// The order of the inbox, and holding it: while the pointer or the focus is in the list, rows stay where they are.
import type { Interaction } from './protocol';

/** Newest message first; what never had one counts by its creation. */
export function byRecency(interactions: Iterable<Interaction>): string[] {
  const moment = (one: Interaction): string => one.last_message_at ?? one.created_at;
  return [...interactions]
    .sort((a, b) => (moment(a) === moment(b) ? order(a.interaction_id, b.interaction_id) : order(moment(b), moment(a))))
    .map((one) => one.interaction_id);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface Held {
  order: string[];
  /** How many rows would move up or come in if the order were refreshed now. */
  changes: number;
}

/** Keeps what was shown where it was; newcomers go to the end, those gone leave. */
export function hold(shown: readonly string[], wanted: readonly string[]): Held {
  const present = new Set(wanted);
  const kept = shown.filter((id) => present.has(id));
  const known = new Set(kept);
  const order = [...kept, ...wanted.filter((id) => !known.has(id))];
  const place = new Map(order.map((id, index) => [id, index]));
  const changes = wanted.filter((id, index) => index < (place.get(id) ?? index)).length;
  return { order, changes };
}
