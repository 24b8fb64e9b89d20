import { describe, expect, it } from 'vitest';
import { pieces } from './marks';

const drawn = (text: string, query: string): string => pieces(text, query).map((one) => (one.found ? `[${one.text}]` : one.text)).join('');

describe('what a search found in a text', () => {
  const cases: [string, string, string][] = [
    ['Ma livraison est en retard', 'livraison', 'Ma [livraison] est en retard'],
    ['Ma LIVRAISON', 'livraisons', 'Ma [LIVRAISON]'],
    ['réparé hier', 'repare', '[réparé] hier'],
    ['livre, livret, ivre', 'liv*', '[livre], [livret], ivre'],
    ['a cat on a mat', 'ca', 'a cat on a mat'],
    ['<b>bold</b> words', 'bold', '<b>[bold]</b> words'],
    ['nothing here', 'absent', 'nothing here'],
    ['', 'x', ''],
  ];
  it.each(cases)('%s / %s', (text, query, expected) => expect(drawn(text, query)).toBe(expected));

  it('shows the part around the first word, and loses no letter of short texts', () => {
    const long = `${'word '.repeat(100)}needle ${'more '.repeat(100)}`;
    const shown = drawn(long, 'needle');
    expect(shown).toMatch(/^… .*\[needle\].* …$/u);
    expect(shown.length).toBeLessThan(320);
  });
});
