// What the agent is writing, per interaction: kept here at once, on the server half a second later, so that it
// survives a reload and follows the agent to another device.
import { SvelteMap } from 'svelte/reactivity';
import { mediaUrl, newId, upload } from './browser';
import type { Draft, DraftMode } from './protocol';
import type { Params } from './wire';
import { explain } from './refusals';

export interface Attachment {
  key: string;
  name: string;
  mime: string;
  size: number;
  state: 'uploading' | 'ready' | 'failed';
  /** For images: something to show at once. */
  preview?: string;
  media_id?: string;
  error?: string;
}

export interface Writing {
  /** To the contact, or for colleagues alone. */
  mode: DraftMode;
  text: string;
  attachments: Attachment[];
  /** The message that is replied to, or that the note is about. */
  reply_to: string | null;
}

const SAVE_AFTER_MS = 500;
export const MAX_ATTACHMENTS = 10;
const NOTHING: Writing = { mode: 'reply', text: '', attachments: [], reply_to: null };

export class Drafts {
  private readonly kept = new SvelteMap<string, Writing>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Saves that the server has not answered yet: until then ours is newer than anything it tells. */
  private readonly unsaved = new Map<string, number>();

  constructor(private readonly save: (draft: Params<'draft.save'>) => Promise<unknown>) {}

  get(id: string): Writing {
    return this.kept.get(id) ?? NOTHING;
  }

  /** Takes the server's draft where nothing is being written here. */
  adopt(id: string, draft: Draft | null | undefined): void {
    if (this.timers.has(id) || this.unsaved.has(id) || (this.kept.has(id) && draft === undefined)) return;
    const mine = this.get(id);
    const media = draft?.media ?? [];
    const text = draft?.text ?? '';
    if (mine.attachments.some((one) => one.state !== 'ready')) return;
    const reply_to = draft?.reply_to ?? null;
    const mode = draft?.mode ?? mine.mode;
    const same = mine.text === text && mine.mode === mode && mine.reply_to === reply_to && mine.attachments.map((one) => one.media_id).join() === media.join();
    if (same) return;
    const known = new Map(mine.attachments.map((one) => [one.media_id, one]));
    const attachments = media.map((media_id): Attachment =>
      known.get(media_id) ?? { key: media_id, name: '', mime: '', size: 0, state: 'ready', media_id });
    this.kept.set(id, { mode, text, attachments, reply_to });
  }

  write(id: string, change: Partial<Writing>): void {
    this.kept.set(id, { ...this.get(id), ...change });
    this.later(id);
  }

  /** What was written is sent; the way of writing stays. */
  clear(id: string): void {
    this.kept.set(id, { ...NOTHING, mode: this.get(id).mode });
    this.later(id);
    this.flush(id);
  }

  /** Saves now what waits to be saved: on leaving the conversation or the page. */
  flush(only?: string): void {
    for (const [id, timer] of [...this.timers]) {
      if (only !== undefined && id !== only) continue;
      clearTimeout(timer);
      this.timers.delete(id);
      const { text, mode, reply_to, attachments } = this.get(id);
      const media = attachments.flatMap((one) => one.media_id ?? []);
      this.track(id, this.save({ interaction_id: id, text, media, mode, ...(reply_to ? { reply_to } : {}) }));
    }
  }

  forget(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.unsaved.clear();
    this.kept.clear();
  }

  /** Uploads files beside the text; each tells its own progress and failure. */
  attach(id: string, files: readonly File[]): boolean {
    const room = MAX_ATTACHMENTS - this.get(id).attachments.length;
    for (const file of files.slice(0, Math.max(0, room))) void this.uploadOne(id, file);
    return files.length <= room;
  }

  detach(id: string, key: string): void {
    const writing = this.get(id);
    release(writing.attachments.filter((one) => one.key === key));
    this.write(id, { attachments: writing.attachments.filter((one) => one.key !== key) });
  }

  private track(id: string, saving: Promise<unknown>): void {
    this.unsaved.set(id, (this.unsaved.get(id) ?? 0) + 1);
    const done = (): void => {
      const left = (this.unsaved.get(id) ?? 1) - 1;
      if (left > 0) this.unsaved.set(id, left);
      else this.unsaved.delete(id);
    };
    saving.then(done, done);
  }

  private later(id: string): void {
    const waiting = this.timers.get(id);
    if (waiting !== undefined) clearTimeout(waiting);
    this.timers.set(id, setTimeout(() => this.flush(id), SAVE_AFTER_MS));
  }

  private async uploadOne(id: string, file: File): Promise<void> {
    const key = newId();
    const preview = file.type.startsWith('image/') ? { preview: URL.createObjectURL(file) } : {};
    const begun: Attachment = { key, name: file.name, mime: file.type, size: file.size, state: 'uploading', ...preview };
    this.kept.set(id, { ...this.get(id), attachments: [...this.get(id).attachments, begun] });
    try {
      const stored = await upload(file);
      this.update(id, key, { state: 'ready', media_id: stored.media_id, mime: stored.mime || file.type });
    } catch (error) {
      this.update(id, key, { state: 'failed', error: explain(error) });
    }
  }

  private update(id: string, key: string, change: Partial<Attachment>): void {
    const writing = this.get(id);
    if (!writing.attachments.some((one) => one.key === key)) return;
    this.write(id, { attachments: writing.attachments.map((one) => (one.key === key ? { ...one, ...change } : one)) });
  }
}

/** Gives back the memory of previews that are no longer shown. */
export function release(attachments: readonly Attachment[]): void {
  for (const one of attachments) if (one.preview) URL.revokeObjectURL(one.preview);
}

export function previewOf(one: Attachment): string | null {
  if (one.preview) return one.preview;
  return one.media_id && one.mime.startsWith('image/') ? mediaUrl(one.media_id) : null;
}
