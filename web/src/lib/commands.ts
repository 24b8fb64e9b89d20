// What can be done here and now, as one list: menus, the palette and the sheet of shortcuts read it. Whoever shows
// something (a page, a conversation) offers its commands while it is there.
import { SvelteSet } from 'svelte/reactivity';
import type { IconName } from './icons';

export interface Command {
  /** Stable, for recent choices and tests: `interaction.transfer`. */
  id: string;
  /** In the reader's language. */
  title: string;
  /** The heading it stands under. */
  group: string;
  icon?: IconName;
  /** How it is called from the keyboard, as `shortcuts.ts` writes it. */
  keys?: string;
  /** Why it can't be done now; then `run` is not called. */
  whyNot?: string | undefined;
  run(): void;
}

type Source = () => readonly Command[];
const sources = new SvelteSet<Source>();

/** Offers commands until the returned function is called; the source is asked anew whenever what it reads changes. */
export function offer(source: Source): () => void {
  sources.add(source);
  return () => sources.delete(source);
}

/** All of them, in the order in which their sources came. */
export function commands(): Command[] {
  return [...sources].flatMap((source) => source());
}

/** Does it, unless something speaks against it. */
export function call(command: Command): boolean {
  if (command.whyNot) return false;
  command.run();
  return true;
}
