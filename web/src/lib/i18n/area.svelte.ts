// Words of one area of the console (the supervisor's, the administrator's…), which come with its part of the program and
// not before. As in the main dictionary a missing key or value does not compile.
import { fill, locale, tag, type Locale } from './index.svelte';

type Holes<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;
type Words = Readonly<Record<string, string>>;
type Values<S extends string> = { [Name in Holes<S>]: Name extends 'n' ? number : string | number };
type Rest<S extends string> = Holes<S> extends never ? [] : [values: Values<S>];
export type Translated<W extends Words> = { readonly [K in keyof W]: string };

export interface Area<W extends Words> {
  <K extends keyof W & string>(key: K, ...rest: Rest<W[K]>): string;
  /** Whether there are words of their own for what the server calls so. */
  has(key: string): key is { [K in keyof W & string]: Holes<W[K]> extends never ? K : never }[keyof W & string];
  /** The words of the reader's language, before the first of them is shown. */
  ready(): Promise<void>;
}

export function area<const W extends Words>(
  english: W, loaders: Partial<Record<Exclude<Locale, 'en'>, () => Promise<Translated<W>>>>,
): Area<W> {
  let state = $state.raw<Partial<Record<Locale, Translated<W>>>>({ en: english });
  const coming = new Map<Locale, Promise<void>>();

  function load(wanted: Locale): Promise<void> {
    const loader = wanted === 'en' ? undefined : loaders[wanted];
    if (!loader || state[wanted]) return Promise.resolve();
    const known = coming.get(wanted);
    if (known) return known;
    const promise = loader().then((words) => void (state = { ...state, [wanted]: words })).catch(() => void coming.delete(wanted));
    coming.set(wanted, promise);
    return promise;
  }

  const t = (key: keyof W & string, values?: Record<string, string | number>): string => {
    const words = state[locale()];
    // A language chosen while the page is open comes a moment later; English serves meanwhile.
    if (!words) void load(locale());
    return fill((words ?? english)[key] ?? key, tag(), values);
  };
  return Object.assign(t as unknown as Area<W>, { has: (key: string) => Object.hasOwn(english, key), ready: () => load(locale()) }) as Area<W>;
}
