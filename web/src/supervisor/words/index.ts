// The supervisor's words, there before the first page that needs them.
import { area } from '../../lib/i18n/area.svelte';
import { en } from './en';

export const w = area(en, { fr: async () => (await import('./fr')).fr, ar: async () => (await import('./ar')).ar });
await w.ready();
