import { describe, expect, it } from 'vitest';
import { cards, chosen, mapLink, orderLines, place } from './data';
import { entries } from './log';
import type { Message, Note } from './protocol';
import { message as sample } from './samples';

describe('special messages', () => {
  it('reads places', () => {
    const at = place({ latitude: 48.85, longitude: 2.35, name: 'Paris' });
    expect(at).toEqual({ latitude: 48.85, longitude: 2.35, name: 'Paris', address: '' });
    expect(at && mapLink(at)).toContain('mlat=48.85&mlon=2.35');
    expect([place(null), place({}), place({ latitude: 'x', longitude: 1 })]).toEqual([null, null, null]);
  });
  it('reads contact cards', () => {
    const data = { contacts: [{ name: { formatted_name: 'Lucía' }, phones: [{ phone: '+1' }], emails: [{ email: 'l@e.example' }] }, { phones: ['+2'] }, 7] };
    expect(cards(data)).toEqual([{ name: 'Lucía', lines: ['+1', 'l@e.example'] }, { name: '+2', lines: ['+2'] }, { name: '', lines: [] }]);
    expect(cards(null)).toEqual([]);
  });
  it('reads choices and orders', () => {
    expect(chosen({ list_reply: { id: 'a', title: 'Blue', description: 'deep' } })).toEqual({ title: 'Blue', description: 'deep' });
    expect(chosen({ id: 'a', title: 'Blue' }).title).toBe('Blue');
    expect(orderLines({ product_items: [{ product_retailer_id: 'sku', quantity: 2 }, null] })).toEqual([{ item: 'sku', quantity: 2 }, { item: '', quantity: 1 }]);
  });
});

describe('the log', () => {
  const at = (day: number, minute: number): string => new Date(2026, 0, day, 10, minute).toISOString();
  const message = (id: string, time: string, agent?: string): Message =>
    sample(id, agent ? { direction: 'out', author: { type: 'agent', agent_id: agent }, created_at: time } : { created_at: time });
  const note: Note = { note_id: 'n', interaction_id: 'i', text: 'x', created_at: at(1, 2) };
  const drawn = (messages: Message[], notes: Note[] = []): string[] =>
    entries(messages, notes).map((one) => (one.kind === 'message' ? one.message.message_id + (one.follows ? '+' : '') : one.kind));
  const cases: [string, string[], string[]][] = [
    ['nothing', drawn([]), []],
    ['groups of one author', drawn([message('a', at(1, 1)), message('b', at(1, 2)), message('c', at(1, 3), 'x')]), ['day', 'a', 'b+', 'c']],
    ['a pause ends a group', drawn([message('a', at(1, 1)), message('b', at(1, 9))]), ['day', 'a', 'b']],
    ['days are marked', drawn([message('a', at(1, 1)), message('b', at(2, 1))]), ['day', 'a', 'day', 'b']],
    ['notes stand in time', drawn([message('a', at(1, 1)), message('b', at(1, 3))], [note]), ['day', 'a', 'note', 'b']],
    ['a note alone', drawn([], [note]), ['day', 'note']],
  ];
  it.each(cases)('%s', (_name, got, wanted) => expect(got).toEqual(wanted));
});
