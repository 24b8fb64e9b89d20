import { describe, expect, it } from 'vitest';
import type { Command } from '../lib/commands';
import { find } from './find';

const command = (title: string, group: string, whyNot?: string): Command => ({ id: title, title, group, whyNot, run: () => undefined });
const all = [
  command('Transférer…', 'Conversation'), command('Réponses rapides', 'Conversation'), command('Recherche', 'Pages'),
  command('Clore et détacher', 'Conversation', 'not resolved'), command('Toutes les interactions', 'Pages'),
];
const titles = (query: string): string[] => find(all, query).map((one) => one.title);

describe('the palette', () => {
  it('shows everything for nothing', () => expect(titles('  ')).toHaveLength(all.length));
  it('finds the beginnings of words, whatever the accents', () => {
    expect(titles('transfe')).toEqual(['Transférer…']);
    expect(titles('rep rap')).toEqual(['Réponses rapides']);
    expect(titles('DET')).toEqual(['Clore et détacher']);
  });
  it('finds by heading too, after what the title says', () => {
    expect(titles('pages')).toEqual(['Recherche', 'Toutes les interactions']);
    expect(titles('re')).toEqual(['Réponses rapides', 'Recherche']);
  });
  it('finds nothing rather than something else', () => expect(titles('xyz')).toEqual([]));
});
