// Events that an agent should hear of although they look elsewhere, in a sentence. Pure.
import type { World } from './apply';
import { contactName } from './desk_words';
import { has, t } from './i18n/index.svelte';
import { plainText } from './markup';
import type { Event } from './protocol';
import { addressOf } from './route.svelte';
import type { Toast } from './toasts.svelte';

export type News = Omit<Toast, 'key'>;

export function newsOf(event: Event, world: World): News | null {
  const me = world.me?.agent_id;
  const agent = (id: string | null | undefined): string => world.agents.get(id ?? '')?.name ?? id ?? '';
  const one = 'interaction' in event ? event.interaction : null;
  const href = event.interaction_id ? addressOf({ page: 'interactions', id: event.interaction_id }) : undefined;
  const where = href ? { href } : {};
  switch (event.type) {
    case 'interaction.offer_ended':
      // Mine, proposed to a colleague who did not take it.
      if (!one || one.agent_id !== me || event.agent_id === me || event.reason === 'accepted' || event.reason === 'withdrawn') return null;
      return { tone: 'warning', text: t(event.reason === 'refused' ? 'news_transfer_refused' : 'news_transfer_expired', { name: agent(event.agent_id), contact: contactName(one) }), ...where };
    case 'interaction.transferred':
      if (event.from !== me || event.by === me) return null;
      return { tone: 'info', text: one ? t('news_taken', { name: agent(event.by), contact: contactName(one) }) : t('news_taken_plain', { name: agent(event.by) }) };
    case 'interaction.consult_started':
      if (event.agent_id !== me || !one) return null;
      return { tone: 'info', text: t('news_consulted', { name: agent(event.by), contact: contactName(one) }), ...where };
    case 'interaction.consult_ended':
      if (event.agent_id !== me || event.reason === 'left' || event.reason === 'transferred') return null;
      return { tone: 'info', text: t('news_consult_ended') };
    case 'transcript.changed':
      if (event.agent_id !== me || event.state === 'queued' || event.state === 'sending') return null;
      if (event.state === 'sent') return { tone: 'good', text: t('news_transcript_sent') };
      return { tone: 'warning', text: t('news_transcript_failed', { reason: mailReason(event.reason) }), ...where };
    default:
      return null;
  }
}

/** What calls an agent back who looks at another window, besides offers: my contact writes, a colleague asks. */
export function callOf(event: Event, world: World): { title: string; body?: string; about: string } | null {
  const one = event.interaction_id ? world.interactions.get(event.interaction_id) : undefined;
  const me = world.me?.agent_id;
  if (!one || !event.interaction_id) return null;
  const about = event.interaction_id;
  if (event.type === 'message.added' && event.message?.direction === 'in' && one.ownership === 'assigned' && one.agent_id === me) {
    return { title: t('notify_message', { name: contactName(one) }), body: plainText(one.last_line), about };
  }
  const news = event.type === 'message.added' ? null : newsOf(event, world);
  return news ? { title: news.text, about } : null;
}

function mailReason(reason: string | null | undefined): string {
  const key = `mail_${(reason ?? '').replace(/^mail_/u, '')}`;
  return has(key) ? t(key) : (reason ?? '');
}
