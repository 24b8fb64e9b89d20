// The agent's desk: the world as the server told it, renewed once per frame, and the acts of the agent. Components read
// it and call it; they never speak to the socket.
import { EMPTY, apply, begin, forget, history, place, put, type World } from './apply';
import { surroundings } from './browser';
import { now, sawServerTime, setServerTime } from './clock.svelte';
import { Drafts, type Attachment } from './drafts.svelte';
import { Outbox, type Sending } from './outbox.svelte';
import type { Event, Interaction, Message } from './protocol';
import { Connection, type Phase, type Refused } from './socket';
import type { Method, Params, Result } from './wire';

const TYPING_EVERY_MS = 8_000;
const PAGE = 50;

/** Methods that answer with one interaction. */
type Changing = { [M in Method]: Result<M> extends { interaction: Interaction } ? M : never }[Method];

class Desk {
  world = $state.raw<World>(EMPTY);
  phase = $state<Phase>('stopped');
  /** When the next try is due, on this computer's clock. */
  retryAt = $state(0);
  /** Whether a session ever began: before that, a failure concerns the login page. */
  begun = $state(false);
  /** Signed in before, and told to do so again. */
  ended = $state(false);

  readonly drafts = new Drafts((draft) => this.ask('draft.save', draft));
  readonly outbox = new Outbox((params, id) => this.sendNow(params, id));

  private queue: Event[] = [];
  private readonly listeners = new Set<(events: readonly Event[]) => void>();
  private frame = 0;
  private typedAt = new Map<string, number>();
  private readonly connection = new Connection(surroundings, {
    phase: (phase, retryInMs) => this.changed(phase, retryInMs),
    hello: (hello) => setServerTime(hello.time),
    started: (session) => {
      this.flush();
      this.world = begin(this.world, session);
      this.begun = true;
      this.ended = false;
      // Only a snapshot tells drafts; after resuming, what is written here is the newest.
      for (const one of session.snapshot?.interactions ?? []) this.drafts.adopt(one.interaction_id, one.draft);
    },
    event: (event) => this.receive(event),
  });

  start(): void {
    this.connection.start();
  }

  leave(): void {
    this.drafts.flush();
    this.connection.stop();
    this.clear();
  }

  nudge(): void {
    this.connection.nudge();
  }

  /** Asks the server; what events came before the answer are applied before it. */
  async ask<M extends Method>(method: M, params: Params<M>, id?: string): Promise<Result<M>> {
    const result = await this.connection.request(method, params, id);
    this.flush();
    return result;
  }

  // — reading —

  /** Every batch of events just after it was applied, for a page that shows more than the desk holds. Returns how to stop. */
  listen(listener: (events: readonly Event[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Keeps an interaction that is not on the desk while a page shows it. Returns how to let it go. */
  look(interaction_id: string): () => void {
    this.world = { ...this.world, looked: new Set([...this.world.looked, interaction_id]) };
    return () => {
      const looked = new Set(this.world.looked);
      looked.delete(interaction_id);
      this.world = forget({ ...this.world, looked }, interaction_id);
    };
  }

  async open(interaction_id: string): Promise<void> {
    const [page, whole] = await Promise.all([
      this.ask('interaction.history', { interaction_id, limit: PAGE }),
      this.ask('interaction.get', { interaction_id }),
    ]);
    const next = { ...history(this.world, interaction_id, page.messages, page.more) };
    place(next, this.world, whole.interaction);
    next.notes = new Map(next.notes).set(interaction_id, whole.notes ?? []);
    this.world = next;
    this.drafts.adopt(interaction_id, whole.interaction.draft);
  }

  async earlier(interaction_id: string): Promise<void> {
    const before = this.world.threads.get(interaction_id)?.messages[0]?.message_id;
    const page = await this.ask('interaction.history', { interaction_id, limit: PAGE, ...(before ? { before } : {}) });
    this.world = history(this.world, interaction_id, page.messages, page.more);
  }

  // — acting —

  async setState(state: 'available' | 'unavailable', reason?: string): Promise<void> {
    const { agent } = await this.ask('agent.set_state', { state, ...(reason ? { reason } : {}) });
    this.world = { ...this.world, me: agent };
  }

  /** Does what answers with the interaction as it is then. */
  async change<M extends Changing>(method: M, params: Params<M>): Promise<Interaction> {
    const { interaction } = await this.ask(method, params);
    this.placed(interaction);
    return interaction;
  }

  async retry(message: Message, untranslated = false): Promise<void> {
    const { interaction_id, message_id } = message;
    this.received((await this.ask('message.retry', { interaction_id, message_id, ...(untranslated ? { untranslated } : {}) })).message);
  }

  async react(message: Message, emoji: string): Promise<void> {
    const { interaction_id, message_id } = message;
    const answer = await this.ask('message.react', { interaction_id, message_id, emoji });
    if (answer.message) this.received(answer.message);
  }

  async markRead(interaction_id: string): Promise<void> {
    await this.change('message.mark_read', { interaction_id });
  }

  /** Tells the contact that an answer is being written, not more often than it is worth. */
  typing(interaction: Interaction): void {
    if (interaction.capabilities?.typing === false) return;
    const last = this.typedAt.get(interaction.interaction_id) ?? 0;
    if (Date.now() - last < TYPING_EVERY_MS) return;
    this.typedAt.set(interaction.interaction_id, Date.now());
    this.ask('message.typing', { interaction_id: interaction.interaction_id }).catch(() => undefined);
  }

  /** Writes what is written as a note; it stays in the box until the server has it. */
  async addNote(interaction_id: string): Promise<void> {
    const { text, reply_to } = this.drafts.get(interaction_id);
    if (text.trim() === '') return;
    const { note } = await this.ask('note.add', { interaction_id, text: text.trim(), ...(reply_to ? { message_id: reply_to } : {}) });
    this.world = apply(this.world, [{ type: 'note.added', time: note.created_at, interaction_id, note }], now());
    this.drafts.clear(interaction_id);
  }

  /** Sends what is written. Each file is a message of its own, as the contact will see it; the text captions the first. */
  sendWriting(interaction_id: string): void {
    const { text, attachments, reply_to } = this.drafts.get(interaction_id);
    const ready = attachments.filter((one) => one.state === 'ready' && one.media_id);
    const words = text.trim();
    if (words === '' && ready.length === 0) return;
    const caption = words !== '' && ready[0] && captionable(ready[0]) ? words : '';
    const reply = reply_to ? { reply_to } : {};
    ready.forEach((file, index) => {
      const media = [{ media_id: file.media_id ?? '', ...(index === 0 && caption ? { caption } : {}) }];
      this.post({ interaction_id, media, ...(index === 0 ? reply : {}) }, index === 0 ? caption : '', [file]);
    });
    if (!caption && words) this.post({ interaction_id, text: words, ...(ready.length === 0 ? reply : {}) }, words, []);
    this.typedAt.delete(interaction_id);
    this.drafts.clear(interaction_id);
  }

  post(params: Sending, text: string, files: readonly Attachment[]): Promise<Refused | null> {
    const shown = files.map((file) => ({ name: file.name, mime: file.mime, preview: file.preview ?? null }));
    return this.outbox.add(params, { text, files: shown, created_at: new Date(now()).toISOString() });
  }

  private async sendNow(params: Sending, id: string): Promise<{ message: Message }> {
    const answer = await this.ask('message.send', params, id);
    this.received(answer.message);
    return answer;
  }

  // — the world —

  placed(interaction: Interaction | null | undefined): void {
    if (!interaction) return;
    const next = { ...this.world };
    place(next, this.world, interaction);
    this.world = next;
  }

  private received(message: Message): void {
    const next = { ...this.world };
    // An event may already have told a later state of it: the answer only fills a gap.
    if (next.threads.get(message.interaction_id)?.messages.some((one) => one.message_id === message.message_id)) return;
    put(next, this.world, message.interaction_id, [message], true);
    this.world = next;
  }

  private receive(event: Event): void {
    sawServerTime(event.time);
    this.queue.push(event);
    // A hidden tab draws no frames: a timer keeps it current.
    if (this.frame === 0) {
      const hidden = document.visibilityState === 'hidden';
      this.frame = hidden ? -Number(setTimeout(() => this.flush(), 250)) : requestAnimationFrame(() => this.flush());
    }
  }

  private flush(): void {
    if (this.frame > 0) cancelAnimationFrame(this.frame);
    else if (this.frame < 0) clearTimeout(-this.frame);
    this.frame = 0;
    if (this.queue.length === 0) return;
    const events = this.queue;
    this.queue = [];
    this.world = apply(this.world, events, now());
    for (const listener of this.listeners) listener(events);
    for (const event of events) {
      if (event.type === 'draft.changed' && event.interaction_id) this.drafts.adopt(event.interaction_id, event.draft ?? null);
      if ('interaction' in event && event.interaction?.draft) {
        this.drafts.adopt(event.interaction.interaction_id, event.interaction.draft);
      }
    }
  }

  private changed(phase: Phase, retryInMs: number | null): void {
    if (phase === 'unauthenticated') {
      this.ended = this.begun;
      this.clear();
    }
    this.phase = phase;
    this.retryAt = retryInMs === null ? 0 : Date.now() + retryInMs;
  }

  private clear(): void {
    this.begun = false;
    this.queue = [];
    this.world = EMPTY;
    this.drafts.forget();
    this.outbox.forget();
  }
}

function captionable(file: Attachment): boolean {
  return !file.mime.startsWith('audio/');
}

export const desk = new Desk();
