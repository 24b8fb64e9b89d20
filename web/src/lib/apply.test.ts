import { describe, expect, it } from 'vitest';
import { EMPTY, apply, begin, forget, history, type World } from './apply';
import type { Event, Interaction, Message } from './protocol';
import { ME, draft, event, interaction, message, queue, snapshot } from './samples';

function started(...interactions: Interaction[]): World {
  return begin(EMPTY, { agent: ME, permissions: [], kinds: [], cursor: '1', snapshot: snapshot({ interactions }) });
}

describe('sight', () => {
  const cases: [string, Partial<Interaction>, boolean][] = [
    ['assigned to me', {}, true],
    ['offered to me', { ownership: 'offered' }, true],
    ['somebody else has it', { agent_id: 'a2' }, false],
    ['consulted', { agent_id: 'a2', consulted: ['a1'] }, true],
    ['offered to me by transfer', { agent_id: 'a2', transfer: { agent_id: 'a1', offer_expires_at: '2026-01-01T10:01:00.000Z' } }, true],
    ['offered to another by transfer', { agent_id: 'a2', transfer: { agent_id: 'a3', offer_expires_at: '2026-01-01T10:01:00.000Z' } }, false],
    ['back in the queue', { ownership: 'queued', agent_id: null }, false],
    ['detached', { ownership: 'detached' }, false],
    ['closed but not ended', { status: 'closed' }, true],
    ['ended', { status: 'closed', ended_at: '2026-01-01T11:00:00.000Z' }, false],
  ];
  it.each(cases)('%s', (_name, change, seen) => {
    const world = apply(started(interaction('i1')), [
      event('interaction.assigned', { interaction_id: 'i1', interaction: interaction('i1', { revision: 2, ...change }) }),
    ], 0);
    expect(world.interactions.has('i1')).toBe(seen);
  });

  it('drops the messages with the interaction', () => {
    let world = history(started(interaction('i1')), 'i1', [message('m1')], false);
    world = apply(world, [
      event('interaction.detached', { interaction_id: 'i1', interaction: interaction('i1', { revision: 2, agent_id: null, ownership: 'detached' }) }),
    ], 0);
    expect(world.threads.size).toBe(0);
  });

  it('an older revision never replaces a newer one', () => {
    const world = apply(started(interaction('i1', { revision: 5, status: 'resolved' })), [
      event('interaction.status_changed', { interaction: interaction('i1', { revision: 4 }) }),
    ], 0);
    expect(world.interactions.get('i1')?.status).toBe('resolved');
  });
});

describe('looking', () => {
  const other = interaction('i9', { agent_id: 'a2' });
  const looking: World = { ...started(), looked: new Set(['i9']) };
  it('keeps what is not on the desk until it is let go', () => {
    const world = apply(looking, [event('interaction.status_changed', { interaction: other })], 0);
    expect(world.interactions.has('i9')).toBe(true);
    expect(forget(world, 'i9')).toBe(world);
    expect(forget({ ...world, looked: new Set() }, 'i9').interactions.size).toBe(0);
  });
  it('never lets go of what is on the desk', () => {
    const world = started(interaction('i1'));
    expect(forget(world, 'i1')).toBe(world);
  });
});

describe('messages', () => {
  it('appear once however often they come, in the order of time', () => {
    const late = message('m2', { created_at: '2026-01-01T10:00:02.000Z' });
    const early = message('m1', { created_at: '2026-01-01T10:00:01.000Z' });
    const added = (one: Message): Event => (event('message.added', { interaction_id: 'i1', message: one }));
    const world = apply(started(interaction('i1')), [added(late), added(early), added(late)], 0);
    expect(world.threads.get('i1')?.messages.map((one) => one.message_id)).toEqual(['m1', 'm2']);
    expect(world.threads.get('i1')?.loaded).toBe(false);
  });

  it('a change replaces in place and never adds', () => {
    const world = history(started(interaction('i1')), 'i1', [message('m1'), message('m2')], true);
    const changed = apply(world, [
      event('message.changed', { message: message('m1', { state: 'read' }) }),
      event('message.changed', { message: message('unknown') }),
    ], 0);
    expect(changed.threads.get('i1')?.messages.map((one) => [one.message_id, one.state])).toEqual([['m1', 'read'], ['m2', 'received']]);
    expect(world.threads.get('i1')?.messages[0]?.state).toBe('received');
  });

  it('of interactions that we do not hold are not kept', () => {
    const world = apply(started(), [event('message.added', { message: message('m1') })], 0);
    expect(world.threads.size).toBe(0);
  });

  it('come with sight of an interaction', () => {
    const world = apply(started(), [
      event('interaction.offered', { interaction_id: 'i1', interaction: interaction('i1', { ownership: 'offered' }), messages: [message('m1')] }),
    ], 0);
    expect(world.threads.get('i1')?.messages).toHaveLength(1);
  });

  it('carry reactions', () => {
    const world = apply(history(started(interaction('i1')), 'i1', [message('m1')], false), [
      event('message.reaction', { interaction_id: 'i1', message_id: 'm1', reactions: [{ author: { type: 'contact' }, emoji: '👍' }] }),
    ], 0);
    expect(world.threads.get('i1')?.messages[0]?.reactions).toHaveLength(1);
  });
});

describe('the rest', () => {
  it('a resumed session keeps the world', () => {
    const world = begin(started(interaction('i1')), { resumed: true, permissions: [], kinds: [], agent: { ...ME, state: 'unavailable' } });
    expect(world.interactions.size).toBe(1);
    expect(world.me?.state).toBe('unavailable');
  });

  it('a snapshot replaces it', () => {
    const world = begin(started(interaction('i1')), { resumed: false, permissions: [], kinds: [], agent: ME, snapshot: snapshot({ interactions: [interaction('i2')] }) });
    expect([...world.interactions.keys()]).toEqual(['i2']);
  });

  it('my own state follows agent.changed', () => {
    const world = apply(started(), [event('agent.changed', { agent: { ...ME, state: 'unavailable', reason: 'break' } })], 0);
    expect(world.me?.reason).toBe('break');
  });

  it('a draft survives events that do not speak of it', () => {
    const world = apply(started(interaction('i1', { draft: draft('hello') })), [
      event('timer.changed', { interaction: interaction('i1', { revision: 2 }) }),
    ], 0);
    expect(world.interactions.get('i1')?.draft?.text).toBe('hello');
  });

  it('typing fades, and ends with the message', () => {
    const typing: Event = event('typing', { interaction_id: 'i1', contact: true });
    const world = apply(started(interaction('i1')), [typing], 1000);
    expect(world.typing.get('i1')).toBe(13_000);
    expect(apply(world, [event('message.added', { message: message('m1') })], 2000).typing.get('i1')).toBe(0);
  });

  it('notices are bounded', () => {
    const notices = Array.from({ length: 50 }, (_, n): Event => (event('notice', { level: 'info', code: `n${n}`, message: '' })));
    expect(apply(started(), notices, 0).notices).toHaveLength(20);
  });

  it('an unknown event changes nothing', () => {
    const world = started(interaction('i1'));
    expect(apply(world, [{ type: 'moon.rose' } as unknown as Event], 0)).toEqual(world);
  });

  it('a batch leaves the former world untouched and copies only what it changed', () => {
    const world = started(interaction('i1'));
    const next = apply(world, [event('queue.changed', { queue: queue('support', { waiting: 3 }) })], 0);
    expect(next.interactions).toBe(world.interactions);
    expect(world.queues.size).toBe(0);
  });
});
