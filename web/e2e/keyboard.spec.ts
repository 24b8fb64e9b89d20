// An agent's whole path by keyboard alone. After each step the focus is where the next one begins, and never lost.
import { expect, test, type Locator, type Page } from '@playwright/test';
import { Customer, agent, finish } from './people';

test.afterEach(() => finish('alice'));

async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press('Tab');
    if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return;
  }
  await expect(target).toBeFocused();
}

test('accept, answer, quick reply, note, tag, transfer, outcome, close', async ({ page }) => {
  const customer = new Customer('33612345651', 'Karla Clavier');
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  const offer = page.getByRole('article', { name: /New offer.*Karla Clavier/ });
  await expect(offer).toBeVisible();
  await tabTo(page, offer.getByRole('button', { name: 'Accept' }));
  // The card ignores keys in its first moment, so the first one may not count.
  await expect(async () => {
    await page.keyboard.press('Enter');
    await expect(offer).toBeHidden({ timeout: 1_000 });
  }).toPass();

  const box = page.getByRole('textbox', { name: 'Reply to Karla Clavier' });
  await expect(box).toBeFocused();
  await page.keyboard.type('Bonjour Karla');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('log').getByRole('article', { name: /^You/ })).toContainText('Bonjour Karla');
  await expect(box).toBeFocused();

  await page.keyboard.type('/wait');
  await expect(page.getByRole('option', { name: /Un instant/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(box).toHaveValue(/Un instant/);
  await expect(box).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(box).toHaveValue('');
  await page.keyboard.type('/exp');
  await expect(page.getByRole('option', { name: /Commande expédiée/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Commande', { exact: true })).toBeFocused();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(box).toBeFocused();
  await box.fill('');

  await page.keyboard.press('Alt+n');
  const note = page.getByRole('textbox', { name: 'Internal note' });
  await expect(note).toBeFocused();
  await page.keyboard.type('Prefers the telephone');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('note').filter({ hasText: 'Prefers the telephone' })).toBeVisible();
  await expect(note).toBeFocused();
  await page.keyboard.press('Alt+r');
  await expect(box).toBeFocused();

  await page.keyboard.press('Alt+g');
  const tag = page.getByRole('combobox', { name: 'New tag' });
  await expect(tag).toBeFocused();
  await page.keyboard.type('telephone');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('list', { name: 'Tags of this conversation' })).toContainText('telephone');
  await expect(tag).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(box).toBeFocused();

  await page.keyboard.press('Alt+t');
  const search = page.getByRole('combobox', { name: 'Search by name' });
  await expect(search).toBeFocused();
  await page.keyboard.type('bruno');
  await expect(page.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Note for colleagues')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(box).toBeFocused();

  await page.keyboard.press('Alt+o');
  const dialog = page.getByRole('dialog', { name: 'Outcome' });
  await expect(dialog).toBeVisible();
  await tabTo(page, dialog.getByRole('radio', { name: 'Resolved' }));
  await tabTo(page, dialog.getByRole('button', { name: 'Save the outcome' }));
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(box).toBeFocused();

  const options = page.getByRole('button', { name: 'Options' });
  await page.keyboard.press('Shift+Tab');
  await options.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('button', { name: 'Detach and close' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(options).toBeFocused();
  await page.keyboard.press('Alt+d');
  const close = page.getByRole('dialog', { name: 'Detach and close?' });
  await tabTo(page, close.getByRole('button', { name: 'Detach and close' }));
  await page.keyboard.press('Enter');
  await expect(box).toBeHidden();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('content');

  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet).toContainText('New conversation');
  await sheet.getByLabel('Keyboard shortcuts are on').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await page.keyboard.press('?');
  await expect(sheet).toBeHidden();
});
