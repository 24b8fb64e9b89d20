// Who takes part in the tests: an agent in the console, a customer with a simulated phone.
import { expect, type Page } from '@playwright/test';

// Each worker has a server of its own, whose clock its tests move.
const worker = process.env['TEST_PARALLEL_INDEX'] ?? '0';

export function url(path: string): string {
  return `${process.env['GUICHET_URL'] ?? process.env[`GUICHET_URL_${worker}`] ?? ''}${path}`;
}

/** Where the server's scripts are; none: it was not started here. */
export function scriptsFolder(): string | undefined {
  return process.env[`GUICHET_SCRIPTS_FOLDER_${worker}`];
}

async function post(path: string, body: object): Promise<Response> {
  const answer = await fetch(url(path), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, `${path} answered ${answer.status}`).toBe(true);
  return answer;
}

export async function signIn(page: Page, login: string, password = 'guichet'): Promise<void> {
  await page.goto(url('/'));
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
}

/** Signs in, and is available when the work begins. */
export async function agent(page: Page, login: string): Promise<void> {
  await signIn(page, login);
  const state = page.getByRole('button', { name: /^My state/ });
  await expect(state).toBeVisible();
  if ((await state.textContent())?.includes('Available')) return;
  await state.click();
  await page.getByRole('button', { name: 'Available', exact: true }).click();
  await expect(state).toContainText('Available');
}

export class Customer {
  constructor(
    readonly wa_id: string,
    readonly name: string,
  ) {}

  async writes(message: object): Promise<void> {
    await post(`/sim/customers/${this.wa_id}/messages`, { name: this.name, wait: true, ...message });
  }

  async reads(): Promise<void> {
    await post(`/sim/customers/${this.wa_id}/read`, {});
  }

  async sees(): Promise<string> {
    return (await fetch(url(`/sim/customers/${this.wa_id}/messages`))).text();
  }
}

export async function advance(time: string): Promise<void> {
  await post('/sim/clock', { advance: time });
}

/** What goes wrong with the next message that leaves. */
export async function fault(what: object): Promise<void> {
  await post('/sim/faults', what);
}

/** Takes the customer's offer and waits until the conversation is open. */
export async function accept(page: Page, name: string): Promise<void> {
  const offer = page.getByRole('article', { name: new RegExp(`New offer.*${name}`) }).first();
  await expect(offer).toBeVisible();
  // The card ignores clicks in its first moment, so the first one may not count.
  await expect(async () => {
    const button = offer.getByRole('button', { name: 'Accept' });
    if (await button.isVisible()) await button.click({ timeout: 1_000 });
    await expect(offer).toBeHidden({ timeout: 2_000 });
  }).toPass();
  await expect(page.getByRole('textbox', { name: `Reply to ${name}` })).toBeVisible();
}

type Ask = (method: string, params: object) => Promise<Record<string, unknown>>;

/** Speaks the protocol in somebody's name, without a screen. */
async function inTheNameOf<T>(login: string, run: (ask: Ask) => Promise<T>): Promise<T> {
  const origin = new URL(url('/')).origin;
  const signedIn = await post('/login', { login, password: 'guichet' });
  const cookie = signedIn.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
  const done = await run(async (method, params) => {
    const answer = await fetch(url('/rpc'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, origin },
      body: JSON.stringify({ jsonrpc: '2.0', id: 'x', method, params }),
    });
    return ((await answer.json()) as { result?: Record<string, unknown> }).result ?? {};
  });
  await fetch(url('/logout'), { method: 'POST', headers: { cookie, origin } });
  return done;
}

export async function asAdministrator(method: string, params: object): Promise<Record<string, unknown>> {
  return inTheNameOf('ada', (ask) => ask(method, params));
}

/** Not there for whatever comes next, unless the test calls. */
export async function away(...logins: string[]): Promise<void> {
  for (const login of logins) await inTheNameOf(login, (ask) => ask('agent.set_state', { state: 'unavailable' }));
}

/** Ends all that goes on, whoever has it: what tests before left waiting would be offered in this one. */
export async function clear(): Promise<void> {
  await inTheNameOf('sam', async (ask) => {
    for (const { interaction_id, ownership } of ((await ask('interaction.list', {}))['interactions'] ?? []) as Record<string, string>[]) {
      if (ownership === 'detached') continue;
      await ask('supervise.take_over', { interaction_id });
      await ask('interaction.set_outcome', { interaction_id, status: 'closed' });
      await ask('interaction.close', { interaction_id });
    }
  });
}

/** Ends all that an agent has: the next test finds an empty inbox and free capacity. */
export async function finish(login: string): Promise<void> {
  await inTheNameOf(login, async (ask) => {
    for (const { interaction_id, ownership } of ((await ask('inbox.list', {}))['interactions'] ?? []) as Record<string, string>[]) {
      if (ownership === 'offered') await ask('interaction.accept', { interaction_id });
      await ask('interaction.set_outcome', { interaction_id, status: 'closed' });
      await ask('interaction.close', { interaction_id });
    }
  });
}

/** Opens an entry of the options menu. */
export async function option(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Options' }).click();
  // The head has some of them as buttons too.
  await page.getByRole('button', { name, exact: true }).last().click();
}
