// Keys: written once as `Alt+T`, matched safely on every layout, shown as the reader's system writes them. Never
// Ctrl+Alt: Windows sends AltGr as that. The letters used stand at the same place on QWERTY, QWERTZ and AZERTY, so that
// `code` may tell what Alt hides on a Mac.
import { call, commands } from './commands';
import { recall, remember } from './i18n/index.svelte';

const STORED = 'guichet.shortcuts';
const state = $state({ on: recall(STORED) !== 'off' });
const mac = typeof navigator !== 'undefined' && /mac|iphone|ipad/iu.test(navigator.platform || navigator.userAgent);

export function shortcutsOn(): boolean {
  return state.on;
}

export function setShortcuts(on: boolean): void {
  state.on = on;
  remember(STORED, on ? 'on' : 'off');
}

export type KeyLike = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>;

/** Whether this key is meant by `Alt+T`, `Mod+K` (Ctrl, on a Mac ⌘) or `?`. */
export function matches(event: KeyLike, keys: string): boolean {
  const parts = keys.split('+');
  const wanted = parts.at(-1) ?? '';
  const alt = parts.includes('Alt');
  const mod = parts.includes('Mod');
  if (event.altKey !== alt || (mac ? event.metaKey : event.ctrlKey) !== mod || (mac ? event.ctrlKey : event.metaKey)) return false;
  if (event.key.toLowerCase() === wanted.toLowerCase()) return true;
  return alt && event.code === `Key${wanted}`;
}

/** `Alt+T` as this system's menus write it. */
export function shown(keys: string): string {
  const names: Record<string, string> = mac ? { Alt: '⌥', Mod: '⌘' } : { Mod: 'Ctrl' };
  return keys.split('+').map((part) => names[part] ?? part).join(mac ? '' : ' + ');
}

/** A key pressed anywhere: the command that it calls, if none of it belongs to something nearer. */
export function pressed(event: KeyboardEvent): void {
  if (!state.on || event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
  if (plain && (event.target as Element | null)?.closest?.('input, textarea, select, [contenteditable]')) return;
  const command = commands().find((one) => one.keys && matches(event, one.keys));
  if (!command) return;
  event.preventDefault();
  call(command);
}
