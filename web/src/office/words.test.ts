// The areas' dictionaries: in each language the same holes and the same plurals.
import { describe, expect, it } from 'vitest';
import { en as admin } from '../admin/words/en';
import { fr as adminFr } from '../admin/words/fr';
import { en as supervisor } from '../supervisor/words/en';
import { fr as supervisorFr } from '../supervisor/words/fr';

type Words = Readonly<Record<string, string>>;
const AREAS: [string, Words, Words][] = [['supervisor', supervisor, supervisorFr], ['admin', admin, adminFr]];

describe.each(AREAS)('the words of %s', (_, english, french) => {
  it('have the same holes and the same plurals', () => {
    const holes = (text = ''): string => [...new Set(text.match(/\{\w+\}/gu) ?? [])].sort().join();
    const shape = (words: Words): [string, string, number][] => Object.keys(english).map((key) => [key, holes(words[key]), words[key]?.split('|').length ?? 0]);
    expect(shape(french)).toEqual(shape(english));
    expect(Object.keys(french).sort()).toEqual(Object.keys(english).sort());
  });
});
