// What the events mean: a pure reducer from a world and a batch of events to the next world. Maps and rows are never
// changed in place, so that a component sees by identity what is new. It knows neither the socket nor Svelte.
import type {
  Agent, Channel, ChannelKind, Draft, Event, Interaction, Message, Note, Notice, Permission, Queue, ScriptError, Services, Skill,
  WatchedThings,
} from './protocol';
import type { SessionStarted } from './wire';

export interface Thread {
  messages: readonly Message[];
  /** Whether the server has earlier ones. */
  more: boolean;
  /** False while only what came with an event is here. */
  loaded: boolean;
}

/** What the last change of the scripts came to. */
export interface Policy {
  generation: number;
  state: string;
  errors: readonly ScriptError[];
}

export interface World {
  me: Agent | null;
  permissions: readonly Permission[];
  /** What is on this agent's desk, consulted work among it, and what is looked at besides. */
  interactions: ReadonlyMap<string, Interaction>;
  /** Interactions kept although they are not on the desk: a page shows them. */
  looked: ReadonlySet<string>;
  threads: ReadonlyMap<string, Thread>;
  notes: ReadonlyMap<string, readonly Note[]>;
  agents: ReadonlyMap<string, Agent>;
  queues: ReadonlyMap<string, Queue>;
  channels: readonly Channel[];
  skills: readonly Skill[];
  /** To which kinds work of a kind may be converted. */
  conversions: Readonly<Record<string, readonly ChannelKind[]>>;
  services: Services;
  reasons: readonly string[];
  notices: readonly Notice[];
  /** Who is writing: the interaction, and until when we believe it (ms). */
  typing: ReadonlyMap<string, number>;
  policy: Policy | null;
  /** What this supervisor is told of beside the own desk. */
  watching: WatchedThings;
}

export const EMPTY: World = {
  me: null, permissions: [], interactions: new Map(), looked: new Set(), threads: new Map(), notes: new Map(), agents: new Map(),
  queues: new Map(), channels: [], skills: [], conversions: {}, services: { transcripts: false, translation: false }, reasons: [], notices: [], typing: new Map(), policy: null,
  watching: { all: false, interactions: [], skills: [] },
};

const TYPING_MS = 12_000;
const MAX_NOTICES = 20;

/** The world after `session.start`: resumed keeps what is known, otherwise the snapshot replaces it. */
export function begin(world: World, session: SessionStarted): World {
  const permissions = session.permissions;
  const snapshot = session.snapshot;
  if (!snapshot) return { ...world, me: session.agent, permissions };
  return {
    ...EMPTY,
    looked: world.looked,
    me: session.agent,
    permissions,
    interactions: new Map(
      [...snapshot.interactions, ...snapshot.consulted].filter((one) => held(one, session.agent)).map((one) => [one.interaction_id, one]),
    ),
    agents: new Map(snapshot.agents.map((one) => [one.agent_id, one])),
    queues: new Map(snapshot.queues.map((one) => [one.skill, one])),
    channels: snapshot.channels,
    skills: snapshot.skills,
    conversions: snapshot.conversions,
    services: snapshot.services,
    reasons: snapshot.reasons,
    notices: snapshot.notices.slice(-MAX_NOTICES),
    policy: world.policy,
    watching: snapshot.watching ?? EMPTY.watching,
  };
}

/** Applies a batch in order. `now` in ms only dates what fades away by itself. */
export function apply(world: World, events: readonly Event[], now: number): World {
  const next = { ...world };
  for (const event of events) one(next, world, event, now);
  return next;
}

function one(next: World, before: World, event: Event, now: number): void {
  if ('interaction' in event && event.interaction) place(next, before, event.interaction);
  switch (event.type) {
    case 'message.added':
    case 'message.changed':
      if (!event.message) break; // Erased since.
      put(next, before, event.message.interaction_id, [event.message], event.type === 'message.added');
      if (event.message.direction === 'in') typing(next, before, event.message.interaction_id, 0);
      break;
    case 'message.reaction':
      react(next, before, event.interaction_id ?? '', event);
      break;
    case 'note.added':
      if (event.note) note(next, before, event.note);
      break;
    case 'tag.changed':
      if (event.message) put(next, before, event.message.interaction_id, [event.message], false);
      break;
    case 'typing':
      if (event.contact && event.interaction_id) typing(next, before, event.interaction_id, now + TYPING_MS);
      break;
    case 'draft.changed':
      draft(next, before, event.interaction_id ?? '', event.draft ?? null);
      break;
    case 'agent.changed':
      if (!event.agent) break;
      next.agents = new Map(next.agents).set(event.agent.agent_id, event.agent);
      if (event.agent.agent_id === next.me?.agent_id) next.me = { ...next.me, ...event.agent };
      break;
    case 'queue.changed':
      next.queues = new Map(next.queues).set(event.queue.skill, event.queue);
      break;
    case 'policy.changed':
      next.policy = { generation: event.generation, state: event.state, errors: event.errors };
      break;
    case 'notice':
      next.notices = [...next.notices, event].slice(-MAX_NOTICES);
      break;
    case 'interaction.offered':
    case 'interaction.assigned':
    case 'interaction.consult_started':
      if (event.messages && event.interaction_id) put(next, before, event.interaction_id, event.messages, true);
      break;
    default:
      // Events that only carry the interaction, and types newer than this console.
      break;
  }
}

/** What belongs on this agent's desk: offered to, assigned to, or consulted. */
export function held(one: Interaction, me: Agent | null): boolean {
  if (!me || one.ended_at || one.ownership === 'detached' || one.ownership === 'queued') return false;
  return one.agent_id === me.agent_id || offered(one, me) || consulted(one, me);
}

/** Proposed to this agent: by routing, or by a colleague who holds it until it is accepted. */
export function offered(one: Interaction, me: Agent | null): boolean {
  if (!me) return false;
  return (one.ownership === 'offered' && one.agent_id === me.agent_id) || one.transfer?.agent_id === me.agent_id;
}

/** A colleague's work on which this agent is asked for advice. */
export function consulted(one: Interaction, me: Agent | null): boolean {
  return me !== null && one.agent_id !== me.agent_id && one.consulted.includes(me.agent_id);
}

export function place(next: World, before: World, incoming: Interaction): void {
  const id = incoming.interaction_id;
  const known = next.interactions.get(id);
  if (known && known.revision > incoming.revision) return;
  const interactions = own(next, before, 'interactions');
  if (held(incoming, next.me) || next.looked.has(id)) {
    // A draft is the caller's own and travels only where it was asked for: keep ours.
    interactions.set(id, incoming.draft === undefined && known?.draft ? { ...incoming, draft: known.draft } : incoming);
    return;
  }
  interactions.delete(id);
  own(next, before, 'threads').delete(id);
  own(next, before, 'notes').delete(id);
}

/** Lets go of an interaction that is not on the desk. */
export function forget(world: World, id: string): World {
  const one = world.interactions.get(id);
  if (!one || held(one, world.me) || world.looked.has(id)) return world;
  const next = { ...world };
  for (const name of ['interactions', 'threads', 'notes'] as const) own(next, world, name).delete(id);
  return next;
}

/** Puts messages in by id: known ones are replaced where they are, new ones go to their place in time. */
export function put(next: World, before: World, id: string, messages: readonly Message[], add: boolean): void {
  const thread = next.threads.get(id);
  if (!thread && (!add || !next.interactions.has(id))) return;
  const merged = merge(thread?.messages ?? [], messages, add);
  own(next, before, 'threads').set(id, { more: true, loaded: false, ...thread, messages: merged });
}

/** Puts a page of history in. */
export function history(world: World, id: string, messages: readonly Message[], more: boolean): World {
  const known = world.threads.get(id);
  const merged = merge(known?.messages ?? [], messages, true);
  return { ...world, threads: new Map(world.threads).set(id, { messages: merged, more, loaded: true }) };
}

function merge(known: readonly Message[], incoming: readonly Message[], add: boolean): Message[] {
  const fresh = new Map(incoming.map((message) => [message.message_id, message]));
  const out = known.map((message) => {
    const newer = fresh.get(message.message_id);
    fresh.delete(message.message_id);
    return newer ?? message;
  });
  if (!add || fresh.size === 0) return out;
  const all = [...out, ...fresh.values()];
  // The sort is stable: messages of one millisecond stay as they came.
  return all.sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
}

function react(next: World, before: World, id: string, event: { message_id: string; reactions: Message['reactions'] }): void {
  for (const [key, thread] of id ? [[id, next.threads.get(id)] as const] : next.threads) {
    if (!thread?.messages.some((message) => message.message_id === event.message_id)) continue;
    const messages = thread.messages.map((message) =>
      message.message_id === event.message_id ? { ...message, reactions: event.reactions } : message,
    );
    own(next, before, 'threads').set(key, { ...thread, messages });
  }
}

function note(next: World, before: World, added: Note): void {
  if (!next.interactions.has(added.interaction_id)) return;
  const known = next.notes.get(added.interaction_id) ?? [];
  if (known.some((one) => one.note_id === added.note_id)) return;
  own(next, before, 'notes').set(added.interaction_id, [...known, added]);
}

function typing(next: World, before: World, id: string, until: number): void {
  if (until === 0 && !next.typing.has(id)) return;
  own(next, before, 'typing').set(id, until);
}

function draft(next: World, before: World, id: string, value: Draft | null): void {
  const known = next.interactions.get(id);
  if (known) own(next, before, 'interactions').set(id, { ...known, draft: value });
}

/** The batch's own copy of a map: copied once, at its first change. */
function own<Name extends 'interactions' | 'threads' | 'notes' | 'typing'>(
  next: World, before: World, name: Name,
): Map<string, World[Name] extends ReadonlyMap<string, infer V> ? V : never> {
  if (next[name] === before[name]) next[name] = new Map(before[name] as ReadonlyMap<string, unknown>) as World[Name];
  return next[name] as unknown as Map<string, World[Name] extends ReadonlyMap<string, infer V> ? V : never>;
}
