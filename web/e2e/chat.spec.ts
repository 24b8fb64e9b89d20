// Web chat in a browser: a visitor on somebody's site, an agent in the console.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type FrameLocator, type Page } from '@playwright/test';
import { accept, agent, url } from './people';

/** A page of a site that embeds the chat, made up here under our own address. */
async function site(page: Page, language: string): Promise<FrameLocator> {
  await page.route('**/a-site', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><html lang="${language}"><title>A site</title><h1>A site</h1><script src="/chat/chat-demo/embed.js" defer></script></html>`,
    }),
  );
  await page.goto(url('/a-site'));
  return page.frameLocator('iframe');
}

async function says(chat: FrameLocator | Page, text: string): Promise<void> {
  await chat.getByRole('textbox').fill(text);
  await chat.getByRole('textbox').press('Enter');
}

/** The address that the console shows in place of a name: whose words these are. */
async function offeredName(console_: Page, words: string): Promise<string> {
  const offer = console_.getByRole('article', { name: /New offer/ }).filter({ hasText: words }).first();
  await expect(offer).toBeVisible();
  return /[0-9a-f]{8}/u.exec((await offer.getAttribute('aria-label')) ?? (await offer.innerText()))?.[0] ?? '';
}

test('a visitor writes from a site, an agent answers, and both see how far it came', async ({ page, context }) => {
  await agent(page, 'alice');
  const visitor = await context.newPage();
  const chat = await site(visitor, 'fr');
  await visitor.getByRole('button', { name: 'Ouvrir la discussion' }).click();
  await expect(chat.getByRole('textbox', { name: 'Votre message' })).toBeFocused();
  await expect(chat.getByRole('log')).toContainText('Bonjour');
  await says(chat, 'Ma machine est en panne');
  await expect(chat.getByRole('listitem').filter({ hasText: 'Ma machine' })).toContainText('Envoyé');
  await expect(chat.getByRole('status')).toContainText('Quelqu’un va vous répondre');

  await page.bringToFront();
  const name = await offeredName(page, 'Ma machine est en panne');
  await accept(page, name);
  await expect(chat.getByRole('status')).toContainText('Alice Martin vous répond');
  await expect(chat.getByRole('listitem').filter({ hasText: 'Ma machine' })).toContainText('Lu');
  const box = page.getByRole('textbox', { name: `Reply to ${name}` });
  await box.fill('Voyez https://example.com/aide <b>vite</b>');
  await expect(chat.getByText('On vous écrit…')).toBeVisible();
  await box.press('Enter');
  await visitor.bringToFront();
  const answer = chat.getByRole('listitem').filter({ hasText: 'Voyez' });
  await expect(answer).toContainText('Alice Martin');
  await expect(answer).toContainText('<b>vite</b>');
  await expect(chat.getByText('On vous écrit…')).toBeHidden();
  await expect(answer.getByRole('link')).toHaveAttribute('href', 'https://example.com/aide');
  await page.bringToFront();
  await expect(page.getByRole('log').getByRole('article', { name: /^You/ }).last().getByRole('img', { name: 'Read' })).toBeVisible();

  // A file from the visitor.
  await visitor.bringToFront();
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  await chat.locator('input[type=file]').setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: pixel });
  await expect(chat.getByRole('img', { name: 'photo.png' })).toBeVisible();
  await expect(chat.getByRole('img', { name: 'photo.png' })).toHaveJSProperty('naturalWidth', 1);
  await page.bringToFront();
  await expect(page.getByRole('log').getByRole('button', { name: /Open the image/ })).toBeVisible();
  await box.fill('Je regarde');

  // Closed, it counts what comes; a reload keeps the conversation.
  await visitor.bringToFront();
  await chat.getByRole('textbox').press('Escape');
  const button = visitor.getByRole('button', { name: /Ouvrir la discussion/ });
  await expect(button).toBeFocused();
  await page.bringToFront();
  await box.press('Enter');
  await expect(button).toHaveAccessibleName('Ouvrir la discussion, 1 message non lu');
  await visitor.bringToFront();
  await visitor.reload();
  await visitor.getByRole('button', { name: 'Ouvrir la discussion' }).click();
  await expect(chat.getByRole('listitem').filter({ hasText: 'Je regarde' })).toBeVisible();
  await expect(chat.getByRole('listitem')).toHaveCount(4);
});

test('the line breaks: nothing is lost and nothing is sent twice', async ({ page }) => {
  let cut = false;
  const lines: { close: () => Promise<void> }[] = [];
  await page.routeWebSocket('**/chat/chat-demo/socket', (line) => {
    if (cut) return void line.close({ code: 1012 });
    const server = line.connectToServer();
    lines.push({ close: () => line.close({ code: 1012 }) });
    server.onMessage((text) => {
      if (!cut) line.send(text);
    });
  });
  await page.goto(url('/chat/chat-demo/?lang=en'));
  await expect(page.getByRole('log')).toContainText('Hello!');
  await says(page, 'Before the cut');
  await expect(page.getByRole('listitem').filter({ hasText: 'Before' })).toContainText('Sent');
  cut = true;
  await says(page, 'On a dying line');
  await lines.at(-1)?.close();
  await expect(page.getByRole('alert')).toContainText('Connection lost');
  await says(page, 'While away');
  await expect(page.getByRole('listitem').filter({ hasText: 'Sending' })).toHaveCount(2);
  cut = false;
  await expect(page.getByRole('alert')).toBeHidden();
  await expect(page.getByRole('listitem').filter({ hasText: 'Sent' })).toHaveCount(3);
  await page.reload();
  await expect(page.getByRole('listitem')).toHaveText([/Before the cut/, /On a dying line/, /While away/]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`${colorScheme}, 320 px`, () => {
    test.use({ colorScheme, viewport: { width: 320, height: 568 }, reducedMotion: 'reduce' });

    test('the page can be read and used by everybody', async ({ page }) => {
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      await page.goto(url('/chat/chat-demo/?lang=en'));
      await says(page, `A long word: ${'w'.repeat(200)}`);
      await expect(page.getByRole('listitem').filter({ hasText: 'A long word' })).toContainText('Sent');
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
      expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      // By keyboard alone, in order.
      await page.getByRole('log').focus();
      const order: string[] = [];
      for (let step = 0; step < 3; step += 1) {
        await page.keyboard.press('Tab');
        order.push((await page.evaluate(() => document.activeElement?.id)) ?? '');
      }
      expect(order).toEqual(['attach', 'text', 'send']);
      expect(complaints).toEqual([]);
    });
  });
}
