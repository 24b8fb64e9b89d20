// The areas' dictionaries: complete in every language of the console, with the same holes; the same plurals where a language has them.
import { describe, expect, it } from 'vitest';
import { ar as adminAr } from '../admin/words/ar';
import { en as admin } from '../admin/words/en';
import { fr as adminFr } from '../admin/words/fr';
import { LOCALES } from '../lib/i18n/index.svelte';
import { ar as supervisorAr } from '../supervisor/words/ar';
import { en as supervisor } from '../supervisor/words/en';
import { fr as supervisorFr } from '../supervisor/words/fr';

type Words = Readonly<Record<string, string>>;
const AREAS: [string, Record<string, Words>][] = [
  ['supervisor', { en: supervisor, fr: supervisorFr, ar: supervisorAr }],
  ['admin', { en: admin, fr: adminFr, ar: adminAr }],
];
const holes = (text = ''): string => [...new Set(text.match(/\{\w+\}/gu) ?? [])].sort().join();

describe.each(AREAS)('the words of %s', (_, languages) => {
  const english = languages['en'] ?? {};
  it('are there in every language that can be chosen', () => {
    expect(Object.keys(languages).sort()).toEqual(LOCALES.map((one) => one.locale).sort());
    for (const [language, words] of Object.entries(languages)) {
      expect(Object.keys(words).sort(), language).toEqual(Object.keys(english).sort());
      for (const [key, text] of Object.entries(words)) {
        expect(text.trim(), `${language} ${key}`).not.toBe('');
        expect(holes(text), `${language} ${key}`).toBe(holes(english[key]));
      }
    }
  });
  it('have one form for each number in Arabic, two elsewhere', () => {
    for (const [key, text] of Object.entries(english)) {
      expect(languages['fr']?.[key]?.split('|').length, key).toBe(text.split('|').length);
      expect(languages['ar']?.[key]?.split('|').length, key).toBe(1);
    }
  });
  it('are Arabic, but for names and what is typed', () => {
    const latin = /^(?:[^\p{L}]|guichet|toml|WhatsApp|Meta|API|Setup|CSV|JSON|Lua)*$/u;
    for (const [key, text] of Object.entries(languages['ar'] ?? {})) expect(latin.test(text), `${key}: ${text}`).toBe(false);
  });
});
