// The console in another application's frame: the page that may, the page that may not, and a page that pretends.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { Customer, url } from './people';

const FOLDER = resolve(import.meta.dirname, '../../docs/embedding');
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
let host: Server;
let port = 0;

test.beforeAll(async () => {
  host = createServer((request, answer) => {
    const name = new URL(request.url ?? '/', 'http://host').pathname.slice(1) || 'index.html';
    try {
      answer.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream').end(readFileSync(join(FOLDER, name)));
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done));
  port = (host.address() as AddressInfo).port;
});
test.afterAll(() => void host.close());

test('the page around the console shows whose conversation is open, and speaks with it', async ({ page }) => {
  await page.goto(`http://127.0.0.1:${port}/?desk=${encodeURIComponent(url(''))}`);
  const desk = page.frameLocator('#desk');
  await desk.getByLabel('Login').fill('chloe');
  await desk.getByLabel('Password', { exact: true }).fill('guichet');
  await desk.getByRole('button', { name: 'Sign in' }).click();
  const told = page.locator('#told');
  await expect(told).toContainText('agent.state');
  await page.getByRole('button', { name: 'I am available' }).click();
  await expect(told).toContainText('agent.state available');

  const customer = new Customer('33612345731', 'Rosalind Franklin');
  await customer.writes({ text: 'Bonjour, je voudrais le prix' });
  await expect(told).toContainText('interaction.offered');
  const offer = desk.getByRole('article', { name: /New offer.*Rosalind Franklin/ }).first();
  await expect(async () => {
    if (await offer.getByRole('button', { name: 'Accept' }).isVisible()) await offer.getByRole('button', { name: 'Accept' }).click({ timeout: 1_000 });
    await expect(offer).toBeHidden({ timeout: 2_000 });
  }).toPass();
  await expect(told).toContainText('interaction.accepted');
  await expect(page.locator('#who')).toHaveText('Rosalind Franklin, +33612345731');

  await page.getByRole('button', { name: 'Insert the order number' }).click();
  const box = desk.getByRole('textbox', { name: 'Reply to Rosalind Franklin' });
  await expect(box).toHaveValue('Your order number is 4711. ');

  // A page of another origin inside the same host is not the host: nothing of what it says is heard, nor told to it.
  const frame = page.frame({ url: /embed=1/u });
  const forged = page.evaluate(() => new Promise((done) => {
    const child = document.createElement('iframe');
    child.srcdoc = '<script>parent.frames[0].postMessage({ guichet: 1, topic: "composer.insert", data: { text: "forged" } }, "*"); onmessage = (event) => parent.postMessage("leak", "*"); parent.postMessage("sent", "*");</' + 'script>';
    child.setAttribute('sandbox', 'allow-scripts');
    window.addEventListener('message', (event) => { if (event.data === 'sent') done(true); });
    document.body.append(child);
  }));
  expect(await forged).toBe(true);
  await frame?.evaluate(() => window.postMessage({ guichet: 1, topic: 'composer.insert', data: { text: 'forged' } }, '*'));
  await page.getByRole('button', { name: 'Insert the order number' }).click();
  await expect(box).toHaveValue('Your order number is 4711. Your order number is 4711. ');
});

test('a page that is not allowed cannot show the console', async ({ page }) => {
  const refused = page.waitForEvent('console', (message) => /frame-ancestors/u.test(message.text()));
  await page.goto(`http://localhost:${port}/?desk=${encodeURIComponent(url(''))}`);
  await refused;
  await expect(page.frameLocator('#desk').getByLabel('Login')).toHaveCount(0);
});
