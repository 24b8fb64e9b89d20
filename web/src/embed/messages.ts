// What crosses between the console in a frame and the page around it: versioned topics, read with care. Pure.
import type { Event } from '../lib/protocol';

export const VERSION = 1;

/** From the page around us. */
export type Wish =
  | { topic: 'hello' }
  | { topic: 'interaction.open'; interaction_id: string }
  | { topic: 'outbound.new' }
  | { topic: 'composer.insert'; text: string }
  | { topic: 'agent.setState'; state: 'available' | 'unavailable'; reason: string | undefined }
  | { topic: 'focus' };

/** To the page around us: ids and states, and who the contact is for a screen-pop; never what was written. */
export interface Told { guichet: typeof VERSION; topic: string; data?: unknown }

const TEXT_MAX = 4_096;

function text(value: unknown, max: number): string | null {
  return typeof value === 'string' && value !== '' && value.length <= max ? value : null;
}

/** A message as a wish, or null: another page's chatter, another version, or a wrong shape. */
export function wish(message: unknown): Wish | null {
  if (message === null || typeof message !== 'object') return null;
  const { guichet, topic, data } = message as Record<string, unknown>;
  if (guichet !== VERSION) return null;
  const given = (data !== null && typeof data === 'object' ? data : {}) as Record<string, unknown>;
  switch (topic) {
    case 'hello':
    case 'focus':
    case 'outbound.new':
      return { topic };
    case 'interaction.open': {
      const interaction_id = text(given['interaction_id'], 64);
      return interaction_id ? { topic, interaction_id } : null;
    }
    case 'composer.insert': {
      const inserted = text(given['text'], TEXT_MAX);
      return inserted ? { topic, text: inserted } : null;
    }
    case 'agent.setState': {
      const { state } = given;
      return state === 'available' || state === 'unavailable' ? { topic, state, reason: text(given['reason'], 64) ?? undefined } : null;
    }
    default:
      return null;
  }
}

/** What an event of the desk is for the page around us; null: nothing that concerns it. */
export function told(event: Event, me: string | undefined): Told | null {
  if (!('interaction' in event) || !event.interaction) return null;
  const one = event.interaction;
  const data = { interaction_id: one.interaction_id, kind: one.kind, status: one.status, skill: one.skill, contact: one.contact ? { contact_id: one.contact.contact_id, name: one.contact.name, address: one.contact.address } : null };
  const say = (topic: string): Told => ({ guichet: VERSION, topic, data });
  switch (event.type) {
    case 'interaction.offered': return one.agent_id === me ? say('interaction.offered') : null;
    case 'interaction.assigned': return one.agent_id === me ? say('interaction.accepted') : say('interaction.closed');
    case 'interaction.closed':
    case 'interaction.detached': return say('interaction.closed');
    case 'interaction.status_changed':
    case 'interaction.outcome_set': return say('interaction.updated');
    default: return null;
  }
}
