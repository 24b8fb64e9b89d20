// The console in another application's frame: announces itself, pins the origin of the first page around it that answers,
// and from then on hears and tells that origin only. Who may frame us at all is the server's word (frame-ancestors).
import { call, commands } from '../lib/commands';
import { desk } from '../lib/desk.svelte';
import type { Event } from '../lib/protocol';
import { explain } from '../lib/refusals';
import { go, route } from '../lib/route.svelte';
import { told, VERSION, wish, type Wish } from './messages';

let origin: string | null = null;

export function embed(): () => void {
  if (window.parent === window) return () => undefined;
  window.addEventListener('message', hear);
  const quiet = desk.listen((events) => events.forEach(tell));
  // Nothing is in it, so everybody may read it.
  window.parent.postMessage({ guichet: VERSION, topic: 'ready' }, '*');
  return () => {
    window.removeEventListener('message', hear);
    quiet();
  };
}

function hear(message: MessageEvent): void {
  if (message.source !== window.parent || (origin !== null && message.origin !== origin)) return;
  const wanted = wish(message.data);
  if (!wanted) return;
  if (wanted.topic === 'hello') {
    origin ??= message.origin;
    return welcome();
  }
  // Before the handshake nobody has a say.
  if (origin !== null && desk.begun) void grant(wanted).catch((refused: unknown) => send('refused', { topic: wanted.topic, reason: explain(refused) }));
}

function send(topic: string, data?: unknown): void {
  if (origin !== null) window.parent.postMessage({ guichet: VERSION, topic, ...(data === undefined ? {} : { data }) }, origin);
}

function welcome(): void {
  send('welcome', { version: VERSION });
  sayState();
}

/** Called when the agent's own state changed. */
export function sayState(): void {
  const { me } = desk.world;
  send('agent.state', { state: me?.state ?? 'offline', reason: me?.reason ?? null });
}

/** Called when another conversation is on the screen. */
export function screenPop(): void {
  const here = route();
  const one = here.page === 'interactions' && here.id ? desk.world.interactions.get(here.id) : undefined;
  if (one) send('screenpop', { interaction_id: one.interaction_id, kind: one.kind, contact: one.contact ? { contact_id: one.contact.contact_id, name: one.contact.name, address: one.contact.address } : null });
}

function tell(event: Event): void {
  const said = told(event, desk.world.me?.agent_id);
  if (said) send(said.topic, said.data);
}

async function grant(wanted: Wish): Promise<void> {
  switch (wanted.topic) {
    case 'interaction.open':
      go({ page: 'interactions', id: wanted.interaction_id });
      break;
    case 'composer.insert': {
      const here = route();
      if (here.page !== 'interactions' || !here.id) break;
      const before = desk.drafts.get(here.id).text;
      desk.drafts.write(here.id, { text: before + wanted.text });
      document.getElementById('composer')?.focus();
      break;
    }
    case 'outbound.new': {
      const command = commands().find((one) => one.id === 'desk.outbound');
      if (command) call(command);
      break;
    }
    case 'agent.setState':
      await desk.setState(wanted.state, wanted.reason);
      break;
    case 'focus':
      (document.getElementById('composer') ?? document.getElementById('content'))?.focus();
      break;
    case 'hello':
      break;
  }
}
