// A new installation: its administrator is walked from nothing to a number that can be connected.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { scriptsFolder } from './people';
import { addressOf, serverBinary } from './start_server';

let folder = '';
let server: ChildProcess;
let address = '';

test.beforeAll(async () => {
  test.skip(process.env['GUICHET_BIN'] === undefined && scriptsFolder() === undefined, 'needs a server of its own');
  folder = mkdtempSync(join(tmpdir(), 'guichet-first-'));
  writeFileSync(join(folder, 'guichet.toml'), 'data = "data"\n');
  const made = spawnSync(serverBinary(), ['agent', 'add', 'eve', '--name', 'Eve Admin', '--role', 'administrator', '--password-stdin'], { cwd: folder, input: 'correct horse\n' });
  expect(made.status, made.stderr.toString()).toBe(0);
  server = spawn(serverBinary(), ['serve', '--listen', '127.0.0.1:0'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  address = await addressOf(server);
});
test.afterAll(async () => {
  if (!server) return;
  const gone = new Promise((done) => server.once('exit', done));
  server.kill('SIGTERM');
  await gone;
  rmSync(folder, { recursive: true, force: true });
});

test('without a channel the console begins with the first steps', async ({ page }) => {
  await page.goto(address);
  await page.getByLabel('Login').fill('eve');
  await page.getByLabel('Password', { exact: true }).fill('correct horse');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Welcome to Guichet' })).toBeVisible();
  await expect(page.getByText(/started without the simulator/)).toBeVisible();
  await page.getByRole('link', { name: 'Open: Connect a WhatsApp number' }).click();

  await page.getByLabel('Phone number ID').fill('+33 6 12 34 56 78');
  await expect(page.getByText('Only digits: it is the ID')).toBeVisible();
  await page.getByLabel('Phone number ID').fill('106540352242922');
  await page.getByLabel('WhatsApp Business Account ID').fill('102290129340398');
  await page.getByLabel('Name of the channel').fill('shop');
  const config = page.getByRole('region', { name: 'Into guichet.toml' });
  await expect(config).toContainText('id = "shop"');
  await expect(config).toContainText('phone_number_id = "106540352242922"');
  await expect(config).toContainText('access_token = { env = "SHOP_ACCESS_TOKEN" }');
  await expect(page.getByLabel('Callback address')).toHaveValue(`${address}/webhooks/shop`);

  await page.getByRole('navigation', { name: 'Administration sections' }).getByRole('link', { name: 'Skills' }).click();
  await page.getByRole('button', { name: 'Add a skill' }).click();
  await page.getByLabel('Title').fill('Après-vente');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('rowheader', { name: /Après-vente/ })).toContainText('apres_vente');
});
