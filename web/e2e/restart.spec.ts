// The server stops while an agent types, and starts again: neither what was written nor what happened is lost.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { Customer, accept, agent, scriptsFolder } from './people';
import { addressOf, serverBinary } from './start_server';
import { freePort } from './stand_ins';

const NAME = `GUICHET_URL_${process.env['TEST_PARALLEL_INDEX'] ?? '0'}`;
const usual = process.env[NAME];
let folder = '';
let port = 0;
let server: ChildProcess | undefined;

async function start(): Promise<void> {
  server = spawn(serverBinary(), ['serve', '--demo', '--listen', `127.0.0.1:${port}`, '--data', join(folder, 'data')], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  // Whoever takes part in this file does so on this server.
  process.env[NAME] = await addressOf(server);
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  const gone = new Promise((done) => server?.once('exit', done));
  server?.kill(signal);
  await gone;
  server = undefined;
}

test.beforeAll(async () => {
  test.skip(scriptsFolder() === undefined, 'needs a server of its own');
  folder = mkdtempSync(join(tmpdir(), 'guichet-restart-'));
  port = await freePort();
  await start();
});
test.afterAll(async () => {
  if (server) await stop('SIGTERM');
  if (usual !== undefined) process.env[NAME] = usual;
  if (folder) rmSync(folder, { recursive: true, force: true });
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`a server that is ended by ${signal} in the middle of a word`, async ({ page }) => {
    const customer = new Customer(signal === 'SIGTERM' ? '33612345791' : '33612345792', `Renee ${signal === 'SIGTERM' ? 'Douce' : 'Brusque'}`);
    await agent(page, 'alice');
    await customer.writes({ text: 'Mon appareil est en panne' });
    await accept(page, customer.name);
    const box = page.getByRole('textbox', { name: `Reply to ${customer.name}` });
    const log = page.getByRole('log');
    await box.pressSequentially('Bonjour Re');
    await stop(signal);
    await box.pressSequentially('nee, je ');
    await expect(page.getByText(/Connection lost/)).toBeVisible();
    await box.pressSequentially('regarde.');
    await start();
    // Before the console is back: an event that it has to learn of afterwards.
    await customer.writes({ text: 'Vous etes la ?' });
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expect(log).toContainText('Vous etes la ?');
    await expect(page.getByText(/Connection lost/)).toBeHidden();
    await expect(box).toHaveValue('Bonjour Renee, je regarde.');
    await expect(log.getByText('Mon appareil est en panne')).toHaveCount(1);
    // The server has it too: a page that is loaded anew shows the whole draft.
    await page.reload();
    await expect(box).toHaveValue('Bonjour Renee, je regarde.');
    await box.press('Enter');
    await expect.poll(() => customer.sees()).toContain('Bonjour Renee, je regarde.');
    expect((await customer.sees()).split('je regarde.').length - 1).toBe(1);
  });
}
