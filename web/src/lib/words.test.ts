import { describe, expect, it } from 'vitest';
import { countdown, dayName, fileSize, hueOf, initials, lengthOf, listTime } from './format';
import { en } from './i18n/en';
import { fr } from './i18n/fr';
import { fill } from './i18n/index.svelte';
import { tokens } from './markup';
import { byRecency, hold } from './order';
import type { Interaction, QuickReply } from './protocol';
import { template as sample } from './samples';
import { preview, questions, word } from './quick';
import { fieldsOf, filled, missing, plain, toSend } from './template';

describe('markup', () => {
  const cases: [string, string][] = [
    ['plain', 'plain'],
    ['*bold* and _it_', '<bold>bold</> and <italic>it</>'],
    ['*a _b_*', '<bold>a </><bold,italic>b</>'],
    ['2*3*4 snake_case_name', '2*3*4 snake_case_name'],
    ['~no~', '<strike>no</>'],
    ['```*raw*```', '<mono>*raw*</>'],
    ['see https://a.example/x_y_z.', 'see [https://a.example/x_y_z].'],
    ['javascript:alert(1) <b>x</b>', 'javascript:alert(1) <b>x</b>'],
    ['* not bold *', '* not bold *'],
    ['', ''],
  ];
  it.each(cases)('%s', (text, drawn) => {
    const out = tokens(text).map((token) => {
      if (token.kind === 'link') return `[${token.href}]`;
      return token.marks.length > 0 ? `<${token.marks.join(',')}>${token.text}</>` : token.text;
    });
    expect(out.join('')).toBe(drawn);
  });

  it('never loses or invents a letter of long hostile input', () => {
    for (const text of ['*'.repeat(2000), '*_~'.repeat(700), '```'.repeat(500), `${'_a'.repeat(1500)}_`]) {
      const drawn = tokens(text).map((token) => token.text).join('');
      expect(drawn.replace(/[*_~`]/gu, '')).toBe(text.replace(/[*_~`]/gu, ''));
    }
  });
});

describe('times and sizes', () => {
  const now = new Date(2026, 0, 15, 12, 0).getTime();
  const at = (day: number, hour: number): string => new Date(2026, 0, day, hour, 5).toISOString();
  it('counts down', () => {
    expect([45_000, 44_001, 723_000, 3_723_000, 0, -5].map(countdown)).toEqual(['0:45', '0:45', '12:03', '1:02:03', '0:00', '0:00']);
  });
  it('names lengths', () => {
    expect(lengthOf(86_340_000, 'en')).toBe('23 hr 59 min');
    expect(lengthOf(3_600_000, 'fr')).toBe('1\u202fh');
    expect(lengthOf(30_000, 'en')).toBe('30 sec');
  });
  it('names moments', () => {
    expect(listTime(at(15, 9), now, 'fr')).toBe('09:05');
    expect(listTime(at(13, 9), now, 'en')).toBe('Tue');
    expect(listTime(at(2, 9), now, 'en')).toBe('Jan 2');
    const words = { today: 'T', yesterday: 'Y' };
    expect([15, 14, 13].map((day) => dayName(at(day, 1), now, 'en', words))).toEqual(['T', 'Y', 'Tuesday, January 13']);
  });
  it('names sizes and people', () => {
    expect(fileSize(1_234_567, 'en')).toBe('1.2 MB');
    expect([initials('Marie Curie'), initials('+33 6 12'), initials('  '), initials('Éa')]).toEqual(['MC', '', '', 'É']);
    expect(hueOf('c1', 6)).toBe(hueOf('c1', 6));
  });
});

describe('words', () => {
  it('chooses plurals and puts values in', () => {
    expect(fill('{n} thing|{n} things', 'en', { n: 1 })).toBe('1 thing');
    expect(fill('{n} chose|{n} choses', 'fr', { n: 0 })).toBe('0 chose');
    expect(fill('a {x}', 'en', { x: '{y}' })).toBe('a {y}');
  });
  it('both languages have the same holes and the same plurals', () => {
    const holes = (text: string): string => [...new Set(text.match(/\{\w+\}/gu) ?? [])].sort().join();
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect([key, holes(fr[key]), fr[key].split('|').length]).toEqual([key, holes(en[key]), en[key].split('|').length]);
    }
  });
});

describe('order', () => {
  const row = (id: string, last: string): Interaction =>
    ({ interaction_id: id, last_message_at: last, created_at: '2026' }) as Interaction;
  it('is by the last message', () => {
    expect(byRecency([row('a', '2026-01-01'), row('b', '2026-01-03'), row('c', '2026-01-01')])).toEqual(['b', 'a', 'c']);
  });
  it('is held: nothing moves, newcomers at the end, the gone leave', () => {
    expect(hold(['a', 'b', 'c'], ['d', 'c', 'a'])).toEqual({ order: ['a', 'c', 'd'], changes: 1 });
    expect(hold(['a', 'b'], ['a', 'b'])).toEqual({ order: ['a', 'b'], changes: 0 });
    expect(hold([], ['a'])).toEqual({ order: ['a'], changes: 0 });
  });
});

describe('quick replies', () => {
  const field = { name: 'order', label: 'Order', kind: 'text', required: true } as const;
  const reply: QuickReply = {
    quick_reply_id: 'q', title: 'Sent', text: 'Bonjour {contact.first_name}, {order} !', fields: [field], skills: [], starred: false, tags: [],
  };
  it('ask for their fields, and for what the server did not know', () => {
    expect(questions(reply).map((one) => one.name)).toEqual(['contact.first_name', 'order']);
    expect(questions({ ...reply, text: 'Merci', fields: [] })).toEqual([]);
  });
  it('show what is written so far, and what lacks by its label', () => {
    expect(preview(reply, { 'contact.first_name': 'Marie' })).toEqual([
      { text: 'Bonjour ', hole: false }, { text: 'Marie', hole: false }, { text: ', ', hole: false }, { text: 'Order', hole: true }, { text: ' !', hole: false },
    ]);
    expect([word('/hello'), word('hello')]).toEqual(['hello', 'hello']);
  });
});

describe('templates', () => {
  const template = sample('order_ready', {
    language: 'fr', body: 'Bonjour {{1}}, commande {{2}} prête. {{1}} !',
    header: { format: 'image', parameters: [] }, parameters: ['1', '2'], buttons: [
      { kind: 'quick_reply', text: 'Merci', needs_value: false }, { kind: 'url', text: 'Suivre', url: 'https://a.example/{{1}}', needs_value: true },
    ],
  });
  const fields = fieldsOf(template);
  it('become a form', () => {
    expect(fields.map((field) => [field.id, field.kind])).toEqual([
      ['header', 'file'], ['body-1', 'text'], ['body-2', 'text'], ['button-1', 'text'],
    ]);
    expect(fieldsOf(sample('x', { parameters: ['first_name'] }))).toMatchObject([{ id: 'body-first_name', name: 'first_name' }]);
    expect(fieldsOf(sample('x', { body: '{{name}} {{name}}' }))).toHaveLength(1);
  });
  it('tell what is missing; blanks do not count', () => {
    expect(missing(fields, { header: 'm1', 'body-1': ' ', 'body-2': 'B', 'button-1': 'x' }).map((field) => field.id)).toEqual(['body-1']);
  });
  it('preview with holes left visible', () => {
    expect(filled(template.body, (key) => (key === '1' ? 'Léa' : ''))).toContainEqual({ text: '{{2}}', hole: true });
    expect(plain(template, { 'body-1': 'Léa', 'body-2': '42' })).toBe('Bonjour Léa, commande 42 prête. Léa !');
  });
  it('are sent with header and buttons beside the parameters', () => {
    expect(toSend(template, fields, { header: 'm1', 'body-1': 'Léa ', 'body-2': '42', 'button-1': 'k' })).toEqual({
      name: 'order_ready', language: 'fr', parameters: { 1: 'Léa', 2: '42' }, header: { media_id: 'm1' }, buttons: { 1: 'k' },
    });
  });
});
