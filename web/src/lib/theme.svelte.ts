// Light, dark, or as the system has it: one attribute on the root, which the tokens follow.
import { recall, remember } from './i18n/index.svelte';

export type Theme = 'system' | 'light' | 'dark';
const STORED = 'guichet.theme';
const state = $state<{ theme: Theme }>({ theme: initial() });

export function theme(): Theme {
  return state.theme;
}

export function setTheme(next: Theme): void {
  state.theme = next;
  remember(STORED, next);
  show(next);
}

export function showTheme(): void {
  show(state.theme);
}

function show(next: Theme): void {
  if (next === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = next;
}

function initial(): Theme {
  const stored = recall(STORED);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}
