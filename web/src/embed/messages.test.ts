import { describe, expect, it } from 'vitest';
import { interaction } from '../lib/samples';
import { told, wish } from './messages';

describe('what the page around the console may wish', () => {
  const read: [unknown, unknown][] = [
    [{ guichet: 1, topic: 'hello' }, { topic: 'hello' }],
    [{ guichet: 1, topic: 'interaction.open', data: { interaction_id: 'i7' } }, { topic: 'interaction.open', interaction_id: 'i7' }],
    [{ guichet: 1, topic: 'agent.setState', data: { state: 'unavailable', reason: 'lunch' } }, { topic: 'agent.setState', state: 'unavailable', reason: 'lunch' }],
    [{ guichet: 1, topic: 'composer.insert', data: { text: 'x'.repeat(5000) } }, null],
    [{ guichet: 1, topic: 'composer.insert', data: 'x' }, null],
    [{ guichet: 1, topic: 'agent.setState', data: { state: 'offline' } }, null],
    [{ guichet: 2, topic: 'hello' }, null],
    [{ guichet: 1, topic: 'logout' }, null],
    ['hello', null], [null, null], [undefined, null], [[], null],
  ];
  it.each(read)('%j', (message, expected) => expect(wish(message)).toEqual(expected));
});

describe('what it is told', () => {
  const one = interaction('i7', { agent_id: 'a1' });
  it('is who and which, never what was written', () => {
    const said = told({ type: 'interaction.offered', agent_id: 'a1', interaction_id: 'i7', interaction: { ...one, last_line: 'secret' } } as never, 'a1');
    expect(said?.topic).toBe('interaction.offered');
    expect(JSON.stringify(said)).not.toContain('secret');
  });
  it('is nothing of what concerns others', () => {
    expect(told({ type: 'interaction.offered', agent_id: 'a2', interaction: { ...one, agent_id: 'a2' } } as never, 'a1')).toBeNull();
    expect(told({ type: 'queue.changed', queue: {} } as never, 'a1')).toBeNull();
  });
});
