import { describe, expect, it } from 'vitest';
import { EMPTY, begin, type World } from './apply';
import { conversationCommands, type Hands } from './conversation_commands';
import { findEmoji } from './emoji';
import { newsOf } from './news';
import type { Channel, Permission, Skill } from './protocol';
import { reveal, span } from './rows';
import { ME, event, interaction, snapshot } from './samples';
import { matches, type KeyLike } from './shortcuts.svelte';
import { later } from './snooze';
import { reachOn, skillsFor, startable, typedAddress } from './start';

const ALL: Permission[] = ['handle', 'transfer', 'consult', 'convert', 'transcript', 'translate', 'snooze', 'extend_timer', 'card'];
const WHATSAPP: Channel = { channel_id: 'w', kind: 'whatsapp', address: 'phone', outbound: true, subject: false, template_first: true, templates: true, text: true };
const EMAIL: Channel = { ...WHATSAPP, channel_id: 'e', kind: 'email', address: 'email', subject: true, template_first: false, templates: false };
const HANDS: Hands = { open: () => undefined, note: () => undefined, reply: () => undefined, quick: () => undefined, tag: () => undefined, card: () => undefined, extend: () => undefined };

function world(permissions: Permission[] = ALL): World {
  const told = snapshot({ channels: [WHATSAPP, EMAIL], conversions: { whatsapp: ['email'] } });
  return begin(EMPTY, { agent: ME, permissions, kinds: [], snapshot: told });
}

describe('the options of a conversation', () => {
  const why = (id: string, more: Parameters<typeof interaction>[1] = {}, from = world()): string | undefined =>
    conversationCommands(from, interaction('i1', more), HANDS).find((one) => one.id === `interaction.${id}`)?.whyNot;
  const cases: [string, string, Parameters<typeof interaction>[1], string | undefined][] = [
    ['transfer', 'an open one', {}, undefined],
    ['transfer', 'a pending one', { status: 'pending' }, 'Only new or open interactions can be transferred'],
    ['transfer', 'one that is offered already', { transfer: { agent_id: 'a2', offer_expires_at: '' } }, 'A transfer waits for its answer'],
    ['transfer', 'a colleague’s', { agent_id: 'a2', consulted: ['a1'] }, 'Only the assigned agent can do this'],
    ['transfer', 'one offered to me', { ownership: 'offered' }, 'Accept it first'],
    ['convert', 'one with a target', {}, undefined],
    ['convert', 'one without', { kind: 'sms' }, 'There is no channel to continue on'],
    ['convert', 'a closed one', { status: 'closed' }, 'It is closed'],
    ['extend', 'one without a timer', {}, 'The contact’s timer is not running'],
    ['close', 'an open one', {}, 'Only resolved or closed interactions can be closed'],
    ['close', 'a resolved one', { status: 'resolved' }, undefined],
    ['why', 'any', { agent_id: 'a2' }, undefined],
  ];
  it.each(cases)('%s of %s', (id, _what, more, reason) => {
    expect(why(id, more)).toBe(reason);
  });
  it('a role that lacks the permission is told so first', () => {
    expect(why('transfer', { status: 'pending' }, world(['handle']))).toBe('Your role does not allow it');
  });
});

describe('shortcuts', () => {
  const key = (more: Partial<KeyLike>): KeyLike => ({ key: '', code: '', altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...more });
  const cases: [string, Partial<KeyLike>, string, boolean][] = [
    ['Alt and the letter', { key: 't', code: 'KeyT', altKey: true }, 'Alt+T', true],
    ['what Alt makes of the letter on a Mac', { key: '†', code: 'KeyT', altKey: true }, 'Alt+T', true],
    ['the letter alone', { key: 't', code: 'KeyT' }, 'Alt+T', false],
    ['AltGr, as Windows sends it', { key: '€', code: 'KeyT', altKey: true, ctrlKey: true }, 'Alt+T', false],
    ['? by Shift and a comma, as on AZERTY', { key: '?', code: 'KeyM', shiftKey: true }, '?', true],
    ['? by Shift and a slash', { key: '?', code: 'Slash', shiftKey: true }, '?', true],
    ['Ctrl+K', { key: 'k', code: 'KeyK', ctrlKey: true }, 'Mod+K', true],
  ];
  it.each(cases)('%s', (_name, pressed, keys, expected) => {
    expect(matches(key(pressed), keys)).toBe(expected);
  });
});

describe('a long list', () => {
  it('draws what is in sight and a little around it', () => {
    expect(span(0, 0, 0, 10_000)).toEqual({ from: 0, to: 30 });
    expect(span(50_000, 800, 80, 10_000)).toEqual({ from: 619, to: 641 });
    expect(span(799_200, 800, 80, 10_000)).toEqual({ from: 9_984, to: 10_000 });
    expect(span(0, 800, 80, 3)).toEqual({ from: 0, to: 3 });
  });
  it('scrolls only as far as needed', () => {
    expect([reveal(0, 100, 800, 80), reveal(5, 100, 800, 80), reveal(20, 100, 800, 80)]).toEqual([0, null, 880]);
  });
});

describe('beginning', () => {
  const skill = (name: string, outbound: Skill['outbound']): Skill => ({ skill: name, title: '', outbound, auto_accept: false, disposition_required: false, dispositions: [], offer_seconds: 45 });
  it('finds channels, skills and addresses', () => {
    expect(startable([WHATSAPP, { ...EMAIL, outbound: false }], null)).toEqual([WHATSAPP]);
    expect(startable([WHATSAPP, EMAIL], ['email'])).toEqual([EMAIL]);
    const me = { ...ME, skills: [{ skill: 'support', level: 5 }, { skill: 'night', level: 1 }] };
    expect(skillsFor([skill('support', ['whatsapp']), skill('night', []), skill('sales', ['whatsapp'])], me, 'whatsapp').map((one) => one.skill)).toEqual(['support']);
    expect(reachOn(EMAIL, [{ kind: 'sms', address: '+33 6 12 34 56 78' }])).toBe('');
    expect(reachOn(WHATSAPP, [{ kind: 'sms', address: '+33 6 12 34 56 78' }])).toBe('+33 6 12 34 56 78');
  });
  it.each([['+33 6 12 34 56 78', true], ['marie', false], ['a@b.example', true], ['12', false]])('%s is an address: %s', (typed, is) => {
    expect(typedAddress(typed) !== null).toBe(is);
  });
  it('comes back on the reader’s calendar', () => {
    const wednesday = new Date(2026, 0, 7, 15, 30).getTime();
    const at = (what: Parameters<typeof later>[1]): string => new Date(later(wednesday, what)).toString().slice(0, 21);
    expect([at('hour'), at('evening'), at('tomorrow'), at('monday')])
      .toEqual(['Wed Jan 07 2026 16:30', 'Wed Jan 07 2026 17:00', 'Thu Jan 08 2026 09:00', 'Mon Jan 12 2026 09:00']);
    const monday = new Date(2026, 0, 5, 8).getTime();
    expect(new Date(later(monday, 'monday')).getDate()).toBe(12);
  });
});

describe('news', () => {
  it('tells the sender that a transfer came back, and nobody of what they did themselves', () => {
    const one = interaction('i1');
    const ended = (more: object): string => newsOf(event('interaction.offer_ended', { interaction_id: 'i1', interaction: one, agent_id: 'a2', ...more }), world())?.text ?? '';
    expect(ended({ reason: 'refused' })).toBe('a2 did not take Marie. It stays with you.');
    expect(ended({ reason: 'withdrawn' })).toBe('');
    expect(newsOf(event('interaction.transferred', { from: 'a1', by: 'a1', to: { skill: 's' } }), world())).toBeNull();
  });
});

describe('emoji', () => {
  it('are found by words of both languages, without accents', () => {
    expect(findEmoji('thumbs up').map((one) => one.char)).toEqual(['👍']);
    expect(findEmoji('etoile').map((one) => one.char)).toEqual(['⭐']);
    expect(findEmoji('colis').map((one) => one.char)).toEqual(['📦']);
    expect(new Set(findEmoji('').map((one) => one.char)).size).toBe(findEmoji('').length);
  });
});
