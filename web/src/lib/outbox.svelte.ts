// Messages on their way: shown at once, replaced by the server's own message when it answers. Each keeps its request
// id, so that sending it again after a lost connection acts once.
import { SvelteMap } from 'svelte/reactivity';
import { newId } from './browser';
import type { Message } from './protocol';
import { explain } from './refusals';
import { Refused } from './socket';
import type { Params } from './wire';

export type Sending = Params<'message.send'>;

export interface Pending {
  request_id: string;
  params: Sending;
  /** What the bubble shows meanwhile. */
  text: string;
  files: { name: string; mime: string; preview: string | null }[];
  created_at: string;
  state: 'sending' | 'refused';
  reason: string;
}

type Send = (params: Sending, request_id: string) => Promise<{ message: Message }>;

export class Outbox {
  private readonly pending = new SvelteMap<string, readonly Pending[]>();
  /** Per interaction, messages leave one after the other: the contact reads them in the order written. */
  private readonly tails = new Map<string, Promise<unknown>>();

  constructor(private readonly send: Send) {}

  of(interaction_id: string): readonly Pending[] {
    return this.pending.get(interaction_id) ?? [];
  }

  /** Whether something would be lost with the page. */
  get busy(): boolean {
    return this.pending.size > 0;
  }

  add(params: Sending, shown: Pick<Pending, 'text' | 'files' | 'created_at'>): Promise<Refused | null> {
    const one: Pending = { ...shown, request_id: newId(), params, state: 'sending', reason: '' };
    this.set(params.interaction_id, [...this.of(params.interaction_id), one]);
    return this.dispatch(one);
  }

  /** A refusal is not remembered by the server, so the same request may be made again, under its own id. */
  retry(one: Pending): Promise<Refused | null> {
    const again: Pending = { ...one, state: 'sending', reason: '' };
    this.replace(one, again);
    return this.dispatch(again);
  }

  discard(one: Pending): void {
    this.replace(one, null);
  }

  forget(): void {
    this.pending.clear();
    this.tails.clear();
  }

  private dispatch(one: Pending): Promise<Refused | null> {
    const id = one.params.interaction_id;
    const run = (this.tails.get(id) ?? Promise.resolve()).then(() => this.deliver(one));
    this.tails.set(id, run);
    return run;
  }

  private async deliver(one: Pending): Promise<Refused | null> {
    try {
      await this.send(one.params, one.request_id);
      this.replace(one, null);
      return null;
    } catch (error) {
      this.replace(one, { ...one, state: 'refused', reason: explain(error) });
      return error instanceof Refused ? error : new Refused('internal', String(error));
    }
  }

  private replace(one: Pending, by: Pending | null): void {
    const id = one.params.interaction_id;
    const list = this.of(id).flatMap((each) => (each.request_id === one.request_id ? (by ?? []) : each));
    this.set(id, list);
  }

  private set(id: string, list: readonly Pending[]): void {
    if (list.length > 0) this.pending.set(id, list);
    else this.pending.delete(id);
  }
}
