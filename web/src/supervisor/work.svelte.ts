// The list of all interactions: its filters, which outlive the page, and what was found, kept current by events.
import { desk } from '../lib/desk.svelte';
import type { Event, Interaction, Ownership, Status } from '../lib/protocol';
import { explain } from '../lib/refusals';
import type { ListFilter } from '../office/wire';

const PAGE = 50;
/** A page may be empty and still have a next one: so many are asked for in a row before the reader decides. */
const TRIES = 5;

export interface Filters { ended: boolean; status: Status | ''; ownership: Ownership | ''; agent_id: string; skill: string; channel_id: string }
const NONE: Filters = { ended: false, status: '', ownership: '', agent_id: '', skill: '', channel_id: '' };

class Filtering {
  now = $state<Filters>({ ...NONE });

  only(some: Partial<Filters>): void {
    this.now = { ...NONE, ...some };
  }

  get narrowed(): boolean {
    return Object.entries(this.now).some(([name, value]) => name !== 'ended' && value !== '');
  }
}
export const filters = new Filtering();

export function asked(filter: Filters): ListFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== '' && value !== false)) as ListFilter;
}

export class WorkList {
  rows = $state.raw<readonly Interaction[]>([]);
  next = $state<string | null>(null);
  loading = $state(true);
  error = $state('');
  private turn = 0;

  async load(filter: Filters, more = false): Promise<void> {
    const turn = ++this.turn;
    this.loading = true;
    this.error = '';
    try {
      let rows: readonly Interaction[] = more ? this.rows : [];
      let before = more ? this.next : null;
      const enough = rows.length + 1;
      for (let tries = 0; tries < TRIES && rows.length < enough; tries += 1) {
        const page = await desk.ask('interaction.list', { ...asked(filter), limit: PAGE, ...(before ? { before } : {}) });
        if (turn !== this.turn) return;
        const known = new Set(rows.map((one) => one.interaction_id));
        rows = [...rows, ...page.interactions.filter((one) => !known.has(one.interaction_id))];
        before = page.next ?? null;
        if (!before) break;
      }
      this.rows = rows;
      this.next = before;
    } catch (refused) {
      if (turn === this.turn) this.error = explain(refused);
    }
    if (turn === this.turn) this.loading = false;
  }

  /** Rows change where they are; the list itself is asked for again by its page. */
  hear(events: readonly Event[]): void {
    const fresh = new Map<string, Interaction>();
    for (const event of events) if ('interaction' in event && event.interaction) fresh.set(event.interaction.interaction_id, event.interaction);
    if (fresh.size === 0) return;
    this.rows = this.rows.map((one) => {
      const newer = fresh.get(one.interaction_id);
      return newer && newer.revision >= one.revision ? newer : one;
    });
  }
}
