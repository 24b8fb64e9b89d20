// Words for the screen: a typed t() over one dictionary per language. A missing key or value does not compile.
import { en } from './en';

export type Key = keyof typeof en;
export type Dictionary = { readonly [K in Key]: string };
export type Locale = 'en' | 'fr' | 'ar';
export const LOCALES: readonly { locale: Locale; name: string }[] = [
  { locale: 'en', name: 'English' },
  { locale: 'fr', name: 'Français' },
  { locale: 'ar', name: 'العربية' },
];

type Holes<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;
/** Keys whose words have no holes. */
export type PlainKey = { [K in Key]: Holes<(typeof en)[K]> extends never ? K : never }[Key];
type Values<K extends Key> = { [Name in Holes<(typeof en)[K]>]: Name extends 'n' ? number : string | number };
type Rest<K extends Key> = Holes<(typeof en)[K]> extends never ? [] : [values: Values<K>];

/** English is always here; another language is loaded when it is chosen. */
const LOADERS: Record<Exclude<Locale, 'en'>, () => Promise<Dictionary>> = {
  fr: async () => (await import('./fr')).fr,
  ar: async () => (await import('./ar')).ar,
};
const STORED = 'guichet.locale';
const state = $state<{ current: { locale: Locale; words: Dictionary } }>({ current: { locale: 'en', words: en } });

export function locale(): Locale {
  return state.current.locale;
}

/** For dates and numbers: the reader's own variety of the language where the browser tells one (en-GB, fr-CA). */
export function tag(): string {
  const asked = typeof navigator === 'undefined' ? '' : navigator.language;
  return asked.toLowerCase().startsWith(locale()) ? asked : locale();
}

export async function setLocale(next: Locale): Promise<void> {
  const words = next === 'en' ? en : await LOADERS[next]();
  state.current = { locale: next, words };
  remember(STORED, next);
  document.documentElement.lang = next;
  document.documentElement.dir = next === 'ar' ? 'rtl' : 'ltr';
}

export function t<K extends Key>(key: K, ...rest: Rest<K>): string {
  return fill(state.current.words[key], tag(), rest[0]);
}

/** Whether there are words of their own for what the server calls so; only keys without values are asked for. */
export function has(key: string): key is PlainKey {
  return Object.hasOwn(en, key);
}

/** Chooses the plural form by `n` and puts the values in; pure, so that it can be tested. */
export function fill(text: string, language: string, values: Record<string, string | number> = {}): string {
  const forms = text.split('|');
  let form = forms[0] ?? '';
  const n = values['n'];
  if (forms.length > 1 && typeof n === 'number') {
    form = (new Intl.PluralRules(language).select(n) === 'one' ? forms[0] : forms[1]) ?? '';
  }
  return form.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = values[name];
    if (value === undefined) return hole;
    return typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value;
  });
}

export function preferredLocale(): Locale {
  const stored = recall(STORED);
  const known = LOCALES.map((one) => one.locale);
  const kept = known.find((one) => one === stored);
  if (kept) return kept;
  const asked = typeof navigator === 'undefined' ? 'en' : navigator.language;
  return known.find((one) => asked.toLowerCase().startsWith(one)) ?? 'en';
}

/** Storage may be refused (private windows): a preference is then only for this page. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Nothing to do: the choice lasts as long as the page.
  }
}

export function recall(name: string): string | null {
  try {
    return typeof localStorage === 'undefined' ? null : localStorage.getItem(name);
  } catch {
    return null;
  }
}
