import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Drafts } from './drafts.svelte';
import { Outbox } from './outbox.svelte';
import { Refused } from './socket';
import type { Message } from './protocol';
import { draft } from './samples';

vi.useFakeTimers();

describe('drafts', () => {
  let saved: string[];
  let answer: () => void;
  let drafts: Drafts;
  beforeEach(() => {
    saved = [];
    drafts = new Drafts(({ interaction_id, text, mode }) => {
      saved.push(`${interaction_id}:${text}${mode === 'note' ? ' (note)' : ''}`);
      return new Promise<void>((done) => (answer = done));
    });
  });

  it('are saved once the agent pauses', () => {
    for (const text of ['H', 'He', 'Hey']) drafts.write('i1', { text });
    expect(saved).toEqual([]);
    vi.advanceTimersByTime(500);
    expect(saved).toEqual(['i1:Hey']);
  });

  it('are saved at once on leaving, and only what waits', () => {
    drafts.write('i1', { text: 'a' });
    drafts.write('i2', { text: 'b' });
    drafts.flush('i1');
    drafts.flush();
    drafts.flush();
    expect(saved).toEqual(['i1:a', 'i2:b']);
  });

  it('come from the server while nothing is written here', () => {
    drafts.adopt('i1', draft('from the telephone', { media: ['m1'] }));
    expect(drafts.get('i1').text).toBe('from the telephone');
    expect(drafts.get('i1').attachments[0]).toMatchObject({ media_id: 'm1', state: 'ready' });
    drafts.adopt('i1', undefined);
    expect(drafts.get('i1').text).toBe('from the telephone');
    drafts.adopt('i1', null);
    expect(drafts.get('i1').text).toBe('');
  });

  it('are never overwritten before the server has ours', async () => {
    drafts.write('i1', { text: 'mine' });
    drafts.adopt('i1', draft('old'));
    vi.advanceTimersByTime(500);
    drafts.adopt('i1', draft('old'));
    expect(drafts.get('i1').text).toBe('mine');
    answer();
    await vi.advanceTimersByTimeAsync(0);
    drafts.adopt('i1', draft('newer, from elsewhere'));
    expect(drafts.get('i1').text).toBe('newer, from elsewhere');
  });

  it('are gone after sending', () => {
    drafts.write('i1', { text: 'sent', reply_to: 'm1' });
    drafts.clear('i1');
    expect(saved).toEqual(['i1:']);
    expect(drafts.get('i1')).toEqual({ mode: 'reply', text: '', attachments: [], reply_to: null });
  });
});

describe('the outbox', () => {
  const shown = { text: 'x', files: [], created_at: '2026-01-01T00:00:00.000Z' };
  it('sends in order, one after the other, and forgets what was taken', async () => {
    const sent: string[] = [];
    const finish: (() => void)[] = [];
    const outbox = new Outbox((params) => new Promise((done) => {
      sent.push(params.text ?? '');
      finish.push(() => done({ message: {} as Message }));
    }));
    const first = outbox.add({ interaction_id: 'i', text: 'one' }, shown);
    const second = outbox.add({ interaction_id: 'i', text: 'two' }, shown);
    await vi.advanceTimersByTimeAsync(0);
    expect([sent, outbox.of('i').length, outbox.busy]).toEqual([['one'], 2, true]);
    finish[0]?.();
    await first;
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual(['one', 'two']);
    finish[1]?.();
    await second;
    expect([outbox.of('i').length, outbox.busy]).toEqual([0, false]);
  });

  it('keeps what was refused, with the reason, and tries again under the same id', async () => {
    const ids: string[] = [];
    let refuse = true;
    const outbox = new Outbox((_params, id) => {
      ids.push(id);
      return refuse ? Promise.reject(new Refused('window_closed', 'closed')) : Promise.resolve({ message: {} as Message });
    });
    expect(await outbox.add({ interaction_id: 'i', text: 'x' }, shown)).toMatchObject({ kind: 'window_closed' });
    const [kept] = outbox.of('i');
    expect(kept).toMatchObject({ state: 'refused', reason: 'The service window is closed: choose a template.' });
    refuse = false;
    if (kept) await outbox.retry(kept);
    expect(outbox.of('i')).toEqual([]);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
