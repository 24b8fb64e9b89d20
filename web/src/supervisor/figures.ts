// What the board counts, from queues, agents and countdowns. Pure: charts and words come after it.
import type { Agent, AtRisk, Queue, Share } from '../lib/protocol';

export interface Totals {
  waiting: number;
  longest: number | null;
  share: { accepted: number; in_time: number; percent: number | null };
  target: number;
  load: number;
  room: number;
  states: { free: number; busy: number; unavailable: number; offline: number };
  red: number;
  yellow: number;
}

export function totals(queues: readonly Queue[], agents: readonly Agent[], timers: readonly AtRisk[]): Totals {
  const share = { accepted: 0, in_time: 0 };
  let longest: number | null = null;
  for (const queue of queues) {
    share.accepted += queue.service_level.last_hour.accepted;
    share.in_time += queue.service_level.last_hour.in_time;
    const since = queue.longest_since ? Date.parse(queue.longest_since) : null;
    if (since !== null && (longest === null || since < longest)) longest = since;
  }
  const states = { free: 0, busy: 0, unavailable: 0, offline: 0 };
  let load = 0;
  let room = 0;
  for (const agent of agents) {
    load += agent.load ?? 0;
    if (agent.state === 'available') {
      room += agent.capacity.total;
      states[(agent.load ?? 0) > 0 ? 'busy' : 'free'] += 1;
    } else states[agent.state] += 1;
  }
  return {
    waiting: queues.reduce((sum, queue) => sum + queue.waiting, 0),
    longest, load, room, states,
    share: { ...share, percent: percentOf(share) },
    target: queues[0]?.service_level.target_seconds ?? 60,
    red: timers.filter((one) => one.state === 'red').length,
    yellow: timers.filter((one) => one.state !== 'red').length,
  };
}

export function percentOf(share: Pick<Share, 'accepted' | 'in_time'>): number | null {
  return share.accepted === 0 ? null : Math.round((share.in_time / share.accepted) * 100);
}

/** Good from 80 %, poor below 60 %: what contact centres commonly aim at. */
export function grade(percent: number | null): 'none' | 'good' | 'fair' | 'poor' {
  if (percent === null) return 'none';
  return percent >= 80 ? 'good' : percent >= 60 ? 'fair' : 'poor';
}

/** Counts over time, each held until the next; kept short by dropping the oldest. */
export interface Series { readonly points: readonly { at: number; value: number }[] }
const KEPT_MS = 30 * 60_000;
const KEPT = 400;

export function sampled(series: Series | undefined, at: number, value: number): Series {
  const points = series?.points ?? [];
  const last = points.at(-1);
  if (last && last.value === value) return series ?? { points };
  return { points: [...points, { at, value }].filter((one) => at - one.at <= KEPT_MS).slice(-KEPT) };
}

/** The steps of a series as an SVG path in a box of `width` × `height`, from `from` until `now`. */
export function steps(series: Series, from: number, now: number, width: number, height: number): { line: string; area: string } {
  const span = Math.max(1, now - from);
  const top = Math.max(1, ...series.points.map((one) => one.value));
  const x = (at: number): string => (Math.max(0, Math.min(1, (at - from) / span)) * width).toFixed(1);
  const y = (value: number): string => (height - (value / top) * (height - 2) - 1).toFixed(1);
  const first = series.points[0];
  if (!first) return { line: '', area: '' };
  let line = `M${x(first.at)} ${y(first.value)}`;
  for (const one of series.points.slice(1)) line += `H${x(one.at)}V${y(one.value)}`;
  line += `H${width}`;
  return { line, area: `${line}V${height}H${x(first.at)}Z` };
}

const ORDER = { available: 0, unavailable: 1, offline: 2 } as const;

/** Who is there first, then by name. */
export function byPresence(a: Agent, b: Agent): number {
  return ORDER[a.state] - ORDER[b.state] || a.name.localeCompare(b.name);
}
