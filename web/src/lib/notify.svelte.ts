// Notifications of the computer, for whoever works in another window: off until the agent turns them on, and only while
// the page is not seen. The browser is asked for its permission on that very click, never by itself.
import { recall, remember } from './i18n/index.svelte';

const STORED = 'guichet.notifications';
/** What stands on a locked screen is short. */
const BODY_MAX = 120;

type Wanted = 'on' | 'off';
const state = $state<{ wanted: Wanted; permission: NotificationPermission }>({
  wanted: recall(STORED) === 'on' ? 'on' : 'off',
  permission: permission(),
});
const shown = new Map<string, Notification>();

export interface Call {
  title: string;
  body?: string | undefined;
  /** What it is about: a second call about the same takes the place of the first. */
  about: string;
  open(): void;
}

function permission(): NotificationPermission {
  return typeof Notification === 'undefined' ? 'denied' : Notification.permission;
}

/** Whether they are shown: wanted here, and allowed by the browser. */
export function notificationsOn(): boolean {
  return state.wanted === 'on' && state.permission === 'granted';
}

/** Only the browser's own settings can change this. */
export function notificationsBlocked(): boolean {
  return state.permission === 'denied';
}

export async function setNotifications(on: boolean): Promise<void> {
  if (on && permission() === 'default') await Notification.requestPermission().catch(() => undefined);
  state.permission = permission();
  state.wanted = on && state.permission === 'granted' ? 'on' : 'off';
  remember(STORED, state.wanted);
  if (!on) unnotify();
}

export function notify(call: Call): void {
  if (!notificationsOn() || document.visibilityState !== 'hidden') return;
  const body = call.body && call.body.length > BODY_MAX ? `${call.body.slice(0, BODY_MAX - 1)}…` : call.body;
  try {
    const one = new Notification(call.title, { tag: call.about, icon: '/favicon.svg', ...(body ? { body } : {}) });
    one.onclick = () => {
      window.focus();
      call.open();
      one.close();
    };
    shown.get(call.about)?.close();
    shown.set(call.about, one);
  } catch {
    // Some telephones allow them to service workers only: the title and the sound still call.
  }
}

/** Once the page is seen, it says everything itself. */
export function unnotify(): void {
  for (const one of shown.values()) one.close();
  shown.clear();
}
