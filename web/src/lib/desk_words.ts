// Names for what the wire calls by codes: channels, statuses, reasons, choices. A code without words is shown as it is.
import { t } from './i18n/index.svelte';
import type { IconName } from './icons';
import type { Agent, ChannelKind, Interaction, Status } from './protocol';

const CHANNEL_ICONS: Record<ChannelKind, IconName> = {
  whatsapp: 'whatsapp', email: 'email', sms: 'sms', chat: 'chat', voice: 'voice', private_social: 'social', public_social: 'social',
};

export function channelIcon(kind: ChannelKind): IconName {
  return CHANNEL_ICONS[kind] ?? 'chat';
}

export function channelName(kind: ChannelKind): string {
  switch (kind) {
    case 'whatsapp': return t('channel_whatsapp');
    case 'email': return t('channel_email');
    case 'sms': return t('channel_sms');
    case 'chat': return t('channel_chat');
    case 'voice': return t('channel_voice');
    case 'private_social': return t('channel_private_social');
    case 'public_social': return t('channel_public_social');
    default: return kind;
  }
}

export function statusName(status: Status): string {
  switch (status) {
    case 'new': return t('status_new');
    case 'open': return t('status_open');
    case 'pending': return t('status_pending');
    case 'escalated': return t('status_escalated');
    case 'resolved': return t('status_resolved');
    case 'closed': return t('status_closed');
    default: return status;
  }
}

export function contactName(one: Interaction): string {
  return one.contact?.name || one.contact?.address || t('unnamed');
}

/** A code that only this installation knows, as words. */
export function readable(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

export function stateName(agent: Agent | null): string {
  if (agent?.state === 'available') return t('state_available');
  if (agent?.state !== 'unavailable') return t('state_offline');
  if (!agent.reason) return t('state_unavailable');
  return t('state_with_reason', { reason: reasonName(agent.reason) });
}

export function reasonName(code: string): string {
  if (code === 'missed_offers' || code === 'missed offers') return t('state_missed_offers');
  return readable(code);
}
