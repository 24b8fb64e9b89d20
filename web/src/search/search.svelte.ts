// A search: the question, which outlives the page, and what was found so far.
import { desk } from '../lib/desk.svelte';
import type { Hit, HitKind, SearchFilters, Status } from '../lib/protocol';
import { explain } from '../lib/refusals';

const PAGE = 20;
/** One call looks at a bounded number of places: a page without hits is followed by the next, so often. */
const TRIES = 5;

export interface Question { query: string; kinds: HitKind[]; status: Status | ''; agent_id: string; channel_id: string; from: string; to: string }
const NOTHING: Question = { query: '', kinds: [], status: '', agent_id: '', channel_id: '', from: '', to: '' };

class Search {
  asked = $state<Question>({ ...NOTHING });
  hits = $state.raw<readonly Hit[]>([]);
  next = $state<string | null>(null);
  behind = $state(0);
  loading = $state(false);
  error = $state('');
  /** The words that the hits are of; null before the first search. */
  done = $state<string | null>(null);
  private turn = 0;

  clear(): void {
    this.asked = { ...NOTHING, query: this.asked.query };
  }

  get narrowed(): boolean {
    const { query: _, kinds, ...rest } = this.asked;
    return kinds.length > 0 || Object.values(rest).some((one) => one !== '');
  }

  async run(more = false): Promise<void> {
    const query = this.asked.query.trim();
    if (query === '') return;
    const turn = ++this.turn;
    this.loading = true;
    this.error = '';
    try {
      let hits: readonly Hit[] = more ? this.hits : [];
      let before = more ? this.next : null;
      const enough = hits.length + 1;
      for (let tries = 0; tries < TRIES && hits.length < enough; tries += 1) {
        const page = await desk.ask('search.run', { query, filters: filtersOf(this.asked), limit: PAGE, ...(before ? { before } : {}) });
        if (turn !== this.turn) return;
        hits = [...hits, ...page.hits];
        before = page.next;
        this.behind = page.behind;
        if (!before) break;
      }
      this.hits = hits;
      this.next = before;
      this.done = query;
    } catch (refused) {
      if (turn === this.turn) this.error = explain(refused);
    }
    if (turn === this.turn) this.loading = false;
  }
}

/** Days as the reader's calendar has them: from the beginning of one until the end of another. */
function filtersOf(asked: Question): SearchFilters {
  const day = (text: string, add: number): string => {
    const [year = 1970, month = 1, date = 1] = text.split('-').map(Number);
    return new Date(year, month - 1, date + add).toISOString();
  };
  return {
    ...(asked.kinds.length > 0 ? { kinds: [...asked.kinds] } : {}),
    ...(asked.status ? { status: asked.status } : {}),
    ...(asked.agent_id ? { agent_id: asked.agent_id } : {}),
    ...(asked.channel_id ? { channel_id: asked.channel_id } : {}),
    ...(asked.from ? { from: day(asked.from, 0) } : {}),
    ...(asked.to ? { to: day(asked.to, 1) } : {}),
  };
}

export const search = new Search();
