import { describe, expect, it } from 'vitest';
import type { Agent, Queue } from '../lib/protocol';
import { byPresence, grade, percentOf, sampled, steps, totals } from './figures';

const queue = (waiting: number, since: string | null, accepted: number, in_time: number): Queue =>
  ({ skill: `s${waiting}`, waiting, longest_since: since, service_level: { target_seconds: 60, last_hour: { accepted, in_time }, today: { accepted, in_time } } }) as Queue;
const agent = (name: string, state: Agent['state'], load: number): Agent => ({ agent_id: name, name, state, load, capacity: { total: 5 } }) as Agent;

describe('the figures of the board', () => {
  it('are sums over queues and agents', () => {
    const all = totals(
      [queue(2, '2026-01-01T10:00:00Z', 3, 3), queue(1, '2026-01-01T09:00:00Z', 5, 1), queue(0, null, 0, 0)],
      [agent('a', 'available', 0), agent('b', 'available', 3), agent('c', 'unavailable', 1), agent('d', 'offline', 0)],
      [],
    );
    expect(all).toMatchObject({ waiting: 3, load: 4, room: 10, states: { free: 1, busy: 1, unavailable: 1, offline: 1 } });
    expect(all.longest).toBe(Date.parse('2026-01-01T09:00:00Z'));
    expect(all.share).toEqual({ accepted: 8, in_time: 4, percent: 50 });
  });
  it('grade a share, and nothing where nothing was accepted', () => {
    expect([null, 100, 80, 79, 60, 59, 0].map(grade)).toEqual(['none', 'good', 'good', 'fair', 'fair', 'poor', 'poor']);
    expect(percentOf({ accepted: 0, in_time: 0 })).toBeNull();
  });
  it('put who is there first', () => {
    const names = [agent('z', 'offline', 0), agent('b', 'unavailable', 0), agent('y', 'available', 0), agent('a', 'available', 0)].sort(byPresence);
    expect(names.map((one) => one.name)).toEqual(['a', 'y', 'b', 'z']);
  });
});

describe('a count over time', () => {
  it('keeps changes only, and forgets what is long ago', () => {
    let series = sampled(undefined, 0, 1);
    series = sampled(series, 1000, 1);
    series = sampled(series, 2000, 3);
    expect(series.points).toEqual([{ at: 0, value: 1 }, { at: 2000, value: 3 }]);
    expect(sampled(series, 3_600_000, 0).points).toEqual([{ at: 3_600_000, value: 0 }]);
  });
  it('is drawn in steps from the left to now', () => {
    const drawn = steps({ points: [{ at: 0, value: 0 }, { at: 50, value: 2 }] }, 0, 100, 100, 12);
    expect(drawn.line).toBe('M0.0 11.0H50.0V1.0H100');
    expect(drawn.area).toBe('M0.0 11.0H50.0V1.0H100V12H0.0Z');
    expect(steps({ points: [] }, 0, 100, 100, 12)).toEqual({ line: '', area: '' });
  });
});
