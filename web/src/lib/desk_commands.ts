// What an agent can do anywhere on the desk. Like `conversation_commands.ts`: one list for menus, palette and keyboard.
import { held, offered, type World } from './apply';
import type { Command } from './commands';
import { desk } from './desk.svelte';
import { contactName } from './desk_words';
import { t } from './i18n/index.svelte';
import { byRecency } from './order';
import { explain } from './refusals';
import { go, route } from './route.svelte';
import { startable } from './start';
import { tell } from './toasts.svelte';

export type DeskDialogName = 'outbound' | 'snoozed' | 'password' | 'shortcuts';

export interface DeskHands { open(dialog: DeskDialogName): void }

export function deskCommands(world: World, hands: DeskHands): Command[] {
  const group = t('group_desk');
  const handles = world.permissions.includes('handle');
  const available = world.me?.state === 'available';
  const commands: Command[] = [
    { id: 'desk.shortcuts', group, title: t('command_shortcuts'), icon: 'keyboard', keys: '?', run: () => hands.open('shortcuts') },
    { id: 'desk.password', group, title: t('command_password'), icon: 'lock', run: () => hands.open('password') },
  ];
  if (!handles) return commands;
  return [
    { id: 'desk.outbound', group, title: t('command_outbound'), icon: 'plus', keys: 'Alt+B', whyNot: whyNoOutbound(world), run: () => hands.open('outbound') },
    { id: 'desk.next', group, title: t('command_next'), icon: 'down', keys: 'Alt+J', run: () => walk(world, 1) },
    { id: 'desk.previous', group, title: t('command_previous'), icon: 'back', keys: 'Alt+K', run: () => walk(world, -1) },
    { id: 'desk.snoozed', group, title: t('command_snoozed'), icon: 'snooze', run: () => hands.open('snoozed') },
    {
      id: 'desk.state', group, title: available ? t('command_unavailable') : t('inbox_go_available'), icon: 'user',
      run: () => void desk.setState(available ? 'unavailable' : 'available').catch((refused: unknown) => tell(explain(refused), 'warning')),
    },
    ...commands,
  ];
}

function whyNoOutbound(world: World): string | undefined {
  if (!world.permissions.includes('outbound')) return t('why_not_permitted');
  return startable(world.channels, null).length > 0 ? undefined : t('outbound_no_channel');
}

function onDesk(world: World): string[] {
  return byRecency([...world.interactions.values()].filter((one) => held(one, world.me) && !offered(one, world.me)));
}

function walk(world: World, step: number): void {
  const order = onDesk(world);
  const here = route();
  const at = here.page === 'interactions' && here.id ? order.indexOf(here.id) : -1;
  const next = at < 0 ? order[0] : order[at + step];
  if (next) go({ page: 'interactions', id: next });
}

/** Each conversation on the desk by name, for the palette. */
export function conversations(world: World): Command[] {
  return onDesk(world).slice(0, 50).flatMap((id) => {
    const one = world.interactions.get(id);
    if (!one) return [];
    return [{ id: `go.${id}`, group: t('inbox_title'), title: contactName(one), icon: 'inbox' as const, run: () => go({ page: 'interactions', id }) }];
  });
}
