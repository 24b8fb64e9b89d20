// Small whole things of the protocol for the unit tests; only what a test is about is written in the test.
import type { Agent, Draft, Event, Interaction, Message, Note, Queue, Snapshot, Template } from './protocol';

export const TIME = '2026-01-01T10:00:00.000Z';

export const ME: Agent = {
  agent_id: 'a1', login: 'alice', name: 'Alice', role: 'agent', state: 'available', state_since: TIME, load: 0, skills: [], teams: [],
  capacity: { total: 10 },
};

export function interaction(id: string, more: Partial<Interaction> = {}): Interaction {
  return {
    interaction_id: id, channel_id: 'whatsapp-demo', kind: 'whatsapp',
    contact: { contact_id: 'c1', name: 'Marie', address: '+33 6', blocked: false, vip: false },
    capabilities: { media: true, reactions: true, subject: false, templates: true, text_max: 4096, typing: true, window: true },
    status: 'open', ownership: 'assigned', agent_id: 'a1', last_agent_id: null, consulted: [], skill: 'support', outbound: false,
    last_line: '', last_message_at: null, tags: [], timers: {}, unread: 0, window_ends_at: null, created_at: TIME, revision: 1, ...more,
  };
}

export function message(id: string, more: Partial<Message> = {}): Message {
  return {
    message_id: id, interaction_id: 'i1', direction: 'in', author: { type: 'contact' }, kind: 'text', text: id, media: [],
    reactions: [], reply_to: null, forwarded: false, edited: false, deleted: false, error: null, translation: null, state: 'received',
    sent_at: TIME, created_at: TIME, ...more,
  };
}

export function note(id: string, more: Partial<Note> = {}): Note {
  return { note_id: id, interaction_id: 'i1', text: id, created_at: TIME, ...more };
}

export function draft(text: string, more: Partial<Draft> = {}): Draft {
  return { text, media: [], mode: 'reply', saved_at: TIME, ...more };
}

export function queue(skill: string, more: Partial<Queue> = {}): Queue {
  const share = { accepted: 0, in_time: 0 };
  return {
    skill, title: skill, waiting: 0, available_agents: 0, longest_since: null, unattended: false,
    service_level: { target_seconds: 60, last_hour: share, today: share }, ...more,
  };
}

export function template(name: string, more: Partial<Template> = {}): Template {
  return {
    name, language: 'en', status: 'APPROVED', category: 'utility', body: '', parameter_format: 'positional', parameters: [], buttons: [], ...more,
  };
}

export function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    agents: [], channels: [], consulted: [], conversions: {}, interactions: [], notices: [], queues: [], reasons: [],
    services: { transcripts: true, translation: true }, skills: [], ...more,
  };
}

/** An event of which the test tells what it is about; the rest of it is of no account. */
export function event(type: Event['type'], more: object = {}): Event {
  return { type, time: TIME, ...more } as unknown as Event;
}
