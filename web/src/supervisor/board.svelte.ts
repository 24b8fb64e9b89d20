// The live board: what the server answered, kept current by events. It asks again soon after something happened that only
// the server can count (countdowns, service level), and now and then for what no event tells.
import { now } from '../lib/clock.svelte';
import { desk } from '../lib/desk.svelte';
import type { Agent, Event } from '../lib/protocol';
import { explain } from '../lib/refusals';
import type { Board } from '../office/wire';
import { sampled, type Series } from './figures';

const SOON_MS = 400;
const EVERY_MS = 10_000;
const ACTIVITY = 60;

export interface Happened { key: number; event: Event; time: string }

class LiveBoard {
  board = $state.raw<Board | null>(null);
  error = $state('');
  activity = $state.raw<readonly Happened[]>([]);
  /** How many wait, over time: in all under '', and by skill. */
  waiting = $state.raw<ReadonlyMap<string, Series>>(new Map());
  began = $state(0);
  private serial = 0;
  private soon: ReturnType<typeof setTimeout> | null = null;

  /** While the board is shown; the answer ends it. */
  show(): () => void {
    if (this.began === 0) this.began = now();
    void this.ask();
    const unlisten = desk.listen((events) => this.hear(events));
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void this.ask();
    }, EVERY_MS);
    return () => {
      unlisten();
      clearInterval(timer);
      if (this.soon !== null) clearTimeout(this.soon);
      this.soon = null;
    };
  }

  async ask(): Promise<void> {
    try {
      const board = await desk.ask('board.get', {});
      this.board = { ...board, agents: board.agents.filter(works) };
      this.error = '';
      this.sample();
    } catch (refused) {
      this.error = explain(refused);
    }
  }

  async watch(what: { interaction_id?: string; skill?: string; all?: boolean }, on: boolean): Promise<void> {
    const { watching } = await desk.ask('supervise.watch', { ...what, on });
    desk.world = { ...desk.world, watching };
  }

  private hear(events: readonly Event[]): void {
    const board = this.board;
    if (!board) return;
    let queues = board.queues;
    let agents = board.agents;
    const seen: Happened[] = [];
    for (const event of events) {
      if (event.type === 'queue.changed') queues = put(queues, event.queue, 'skill');
      else if (event.type === 'agent.changed') {
        if (event.agent) agents = put(agents, event.agent, 'agent_id').filter(works);
      } else if (event.interaction_id && event.type !== 'typing' && event.type !== 'draft.changed') {
        seen.push({ key: ++this.serial, event, time: event.time ?? new Date(now()).toISOString() });
      }
    }
    this.board = { ...board, queues, agents };
    if (seen.length > 0) this.activity = [...seen.reverse(), ...this.activity].slice(0, ACTIVITY);
    this.sample();
    this.soon ??= setTimeout(() => {
      this.soon = null;
      void this.ask();
    }, SOON_MS);
  }

  private sample(): void {
    const queues = this.board?.queues ?? [];
    const next = new Map(this.waiting);
    const put = (key: string, value: number): void => void next.set(key, sampled(next.get(key), now(), value));
    put('', queues.reduce((sum, queue) => sum + queue.waiting, 0));
    for (const queue of queues) put(queue.skill, queue.waiting);
    this.waiting = next;
  }
}

/** Who never has work (an administrator, say) would only lengthen the list. */
function works(agent: Agent): boolean {
  return !agent.removed && (agent.skills.length > 0 || agent.load > 0 || agent.state !== 'offline');
}

function put<T, K extends keyof T>(rows: readonly T[], row: T, key: K): T[] {
  const at = rows.findIndex((one) => one[key] === row[key]);
  return at < 0 ? [...rows, row] : rows.with(at, row);
}

export const live = new LiveBoard();
