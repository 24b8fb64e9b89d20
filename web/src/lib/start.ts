// Beginning work with a contact: on which channels, for which skills, to which address. Pure over what the snapshot tells.
import type { Agent, Channel, ChannelKind, Skill } from './protocol';

export interface Reach { kind: ChannelKind; address: string }

/** Channels on which an agent may begin, those of the wanted kinds only. */
export function startable(channels: readonly Channel[], kinds: readonly string[] | null): Channel[] {
  return channels.filter((one) => one.outbound && (kinds === null || kinds.includes(one.kind)));
}

/** The caller's skills that may write on this kind of channel. */
export function skillsFor(skills: readonly Skill[], me: Agent | null, kind: ChannelKind): Skill[] {
  const held = new Set((me?.skills ?? []).map((one) => one.skill));
  return skills.filter((one) => held.has(one.skill) && one.outbound.includes(kind));
}

/** The address of a contact on this channel: of its kind, or a number where a number serves. */
export function reachOn(channel: Channel, addresses: readonly Reach[]): string {
  const own = addresses.find((one) => one.kind === channel.kind);
  if (own) return own.address;
  if (channel.address !== 'phone') return '';
  return addresses.find((one) => (one.kind === 'sms' || one.kind === 'voice' || one.kind === 'whatsapp') && /^\+?[\d ().-]{6,}$/u.test(one.address))?.address ?? '';
}

/** What was typed in the search, when it is an address by itself. */
export function typedAddress(query: string): string | null {
  const text = query.trim();
  if (/^[^@\s]+@[^@\s]+\.[^@\s]+$/u.test(text)) return text;
  return /^\+?[\d ().-]+$/u.test(text) && text.replaceAll(/\D/gu, '').length >= 6 ? text : null;
}
