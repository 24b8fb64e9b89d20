// Going to the console's pages, and the palette itself, as commands.
import type { World } from './apply';
import type { Command } from './commands';
import { t } from './i18n/index.svelte';
import { go } from './route.svelte';

export function pageCommands(world: World, palette: () => void): Command[] {
  const group = t('group_pages');
  const may = (one: World['permissions'][number]): boolean => world.permissions.includes(one);
  const page = (id: string, title: string, icon: NonNullable<Command['icon']>, run: () => void): Command => ({ id: `page.${id}`, group, title, icon, run });
  return [
    { id: 'palette', group: t('group_desk'), title: t('command_palette'), icon: 'search', keys: 'Mod+K', run: palette },
    page('interactions', t('nav_interactions'), 'inbox', () => go({ page: 'interactions', id: null })),
    ...(may('supervise')
      ? [page('board', t('nav_board'), 'board', () => go({ page: 'board' })), page('work', t('nav_work'), 'list', () => go({ page: 'work', id: null }))]
      : []),
    ...(may('search') ? [page('search', t('nav_search'), 'search', () => go({ page: 'search', id: null }))] : []),
    ...(may('administer')
      ? (['agents', 'channels', 'scripts'] as const).map((section) => page(`admin.${section}`, `${t('nav_admin')}: ${t(`admin_${section}`)}`, 'settings', () => go({ page: 'admin', section })))
      : []),
  ];
}
