// Words for the screen: a typed t() over one dictionary per language. A missing key or value does not compile.
import { en } from './en';
import { fr } from './fr';

export type Key = keyof typeof en;
export type Dictionary = { readonly [K in Key]: string };
export type Locale = 'en' | 'fr';
export const LOCALES: readonly { locale: Locale; name: string }[] = [
  { locale: 'en', name: 'English' },
  { locale: 'fr', name: 'Français' },
];

type Holes<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;
type Values<K extends Key> = { [Name in Holes<(typeof en)[K]>]: Name extends 'n' ? number : string | number };
type Rest<K extends Key> = Holes<(typeof en)[K]> extends never ? [] : [values: Values<K>];

const DICTIONARIES: Record<Locale, Dictionary> = { en, fr };
const STORED = 'guichet.locale';
const state = $state({ locale: initial() });

export function locale(): Locale {
  return state.locale;
}

export function setLocale(next: Locale): void {
  state.locale = next;
  remember(STORED, next);
  document.documentElement.lang = next;
}

export function t<K extends Key>(key: K, ...rest: Rest<K>): string {
  return fill(DICTIONARIES[state.locale][key], state.locale, rest[0]);
}

/** Chooses the plural form by `n` and puts the values in; pure, so that it can be tested. */
export function fill(text: string, tag: string, values: Record<string, string | number> = {}): string {
  const forms = text.split('|');
  let form = forms[0] ?? '';
  const n = values['n'];
  if (forms.length > 1 && typeof n === 'number') {
    form = (new Intl.PluralRules(tag).select(n) === 'one' ? forms[0] : forms[1]) ?? '';
  }
  return form.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = values[name];
    if (value === undefined) return hole;
    return typeof value === 'number' ? new Intl.NumberFormat(tag).format(value) : value;
  });
}

function initial(): Locale {
  const stored = recall(STORED);
  if (stored === 'fr' || stored === 'en') return stored;
  const asked = typeof navigator === 'undefined' ? 'en' : navigator.language;
  return asked.toLowerCase().startsWith('fr') ? 'fr' : 'en';
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
