// Something asked of the server for a page: the answer, or why there is none, and asking again.
import { explain } from '../lib/refusals';

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  error = $state('');
  loading = $state(false);
  private turn = 0;

  constructor(private readonly ask: () => Promise<T>) {}

  load = async (): Promise<void> => {
    const turn = ++this.turn;
    this.loading = true;
    try {
      const value = await this.ask();
      if (turn === this.turn) {
        this.value = value;
        this.error = '';
      }
    } catch (refused) {
      if (turn === this.turn) this.error = explain(refused);
    }
    if (turn === this.turn) this.loading = false;
  };
}

/** An act with its refusal and its word of success, for a form or a row. */
export class Act {
  busy = $state(false);
  error = $state('');
  said = $state('');

  async run(what: () => Promise<unknown>, done = ''): Promise<boolean> {
    this.busy = true;
    this.error = this.said = '';
    try {
      await what();
      this.said = done;
      return true;
    } catch (refused) {
      this.error = explain(refused);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
