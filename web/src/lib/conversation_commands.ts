// What an agent can do with one interaction, with the reason when it can't be done now. Pure over the world: the menu,
// the palette and the sheet of shortcuts show the same list, in this order.
import { offered, type World } from './apply';
import type { Command } from './commands';
import { t } from './i18n/index.svelte';
import type { Interaction, Permission } from './protocol';

/** What a command opens in the conversation. */
export type DialogName =
  | 'transfer' | 'consult' | 'convert' | 'transcript' | 'translate' | 'snooze' | 'outcome' | 'detach' | 'close' | 'why' | 'template';

export interface Hands {
  open(dialog: DialogName): void;
  note(): void;
  reply(): void;
  quick(): void;
  tag(): void;
  card(): void;
  extend(): void;
}

export function conversationCommands(world: World, one: Interaction, hands: Hands): Command[] {
  const mine = one.ownership === 'assigned' && one.agent_id === world.me?.agent_id;
  const group = t('group_interaction');
  const may = (permission: Permission): string | undefined =>
    world.permissions.includes(permission) ? undefined : t('why_not_permitted');
  const holds = (): string | undefined => (mine ? undefined : offered(one, world.me) ? t('why_not_accepted') : t('why_not_mine'));
  const alive = (): string | undefined => (one.status === 'closed' ? t('why_not_closed') : undefined);
  const first = (...reasons: (string | undefined)[]): string | undefined => reasons.find((reason) => reason !== undefined);
  const handing = one.status === 'new' || one.status === 'open' ? undefined : t('why_not_status_transfer');
  const targets = (world.conversions[one.kind] ?? []).filter((kind) => world.channels.some((channel) => channel.kind === kind && channel.outbound));
  const timer = one.timers.customer;
  const open = (id: string, dialog: DialogName, more: Omit<Command, 'id' | 'group' | 'run'>): Command => ({
    id: `interaction.${id}`, group, run: () => hands.open(dialog), ...more,
  });
  return [
    { id: 'interaction.reply', group, title: t('command_reply'), icon: 'reply', keys: 'Alt+R', whyNot: first(holds(), alive()), run: () => hands.reply() },
    { id: 'interaction.note', group, title: t('command_note'), icon: 'note', keys: 'Alt+N', run: () => hands.note() },
    { id: 'interaction.quick', group, title: t('command_quick'), icon: 'bolt', keys: 'Alt+V', whyNot: first(holds(), alive()), run: () => hands.quick() },
    open('template', 'template', { title: t('command_template'), icon: 'template', whyNot: first(holds(), alive(), one.capabilities.templates ? undefined : t('why_not_templates')) }),
    { id: 'interaction.tag', group, title: t('command_tag'), icon: 'tag', keys: 'Alt+G', whyNot: holds(), run: () => hands.tag() },
    open('transfer', 'transfer', { title: t('action_transfer'), icon: 'transfer', keys: 'Alt+T', whyNot: first(may('transfer'), holds(), handing, one.transfer ? t('why_not_pending') : undefined) }),
    open('consult', 'consult', { title: t('action_consult'), icon: 'consult', keys: 'Alt+C', whyNot: first(may('consult'), holds(), alive()) }),
    open('convert', 'convert', { title: t('action_convert'), icon: 'convert', whyNot: first(may('convert'), holds(), alive(), targets.length > 0 ? undefined : t('why_not_target')) }),
    open('transcript', 'transcript', { title: t('action_transcript'), icon: 'email', whyNot: first(may('transcript'), world.services.transcripts ? undefined : t('why_not_mail'), holds()) }),
    open('translate', 'translate', { title: t('action_translate'), icon: 'translate', whyNot: first(may('translate'), world.services.translation ? undefined : t('why_not_translator'), holds(), alive()) }),
    {
      id: 'interaction.extend', group, title: t('timer_extend'), icon: 'hourglass', keys: 'Alt+X', run: () => hands.extend(),
      whyNot: first(may('extend_timer'), holds(), !timer ? t('why_not_timer') : timer.extensions_left > 0 ? undefined : t('why_not_extension')),
    },
    open('snooze', 'snooze', { title: t('action_snooze'), icon: 'snooze', keys: 'Alt+S', whyNot: first(may('snooze'), holds(), alive()) }),
    open('outcome', 'outcome', { title: t('action_outcome'), icon: 'resolved', keys: 'Alt+O', whyNot: first(holds(), mine && one.status === 'closed' ? t('action_outcome_why_not') : undefined) }),
    { id: 'interaction.card', group, title: t('command_card'), icon: 'card', keys: 'Alt+I', whyNot: may('card'), run: () => hands.card() },
    open('why', 'why', { title: t('action_why'), icon: 'question' }),
    open('detach', 'detach', { title: t('action_detach'), icon: 'inbox', whyNot: holds() }),
    open('close', 'close', { title: t('action_close'), icon: 'door', keys: 'Alt+D', whyNot: first(holds(), one.status === 'resolved' || one.status === 'closed' ? undefined : t('action_close_why_not')) }),
  ];
}
