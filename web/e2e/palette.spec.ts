// The palette: every command by a few letters, also from within the reply box, and safe where letters are written.
import { expect, test } from '@playwright/test';
import { Customer, accept, agent, signIn } from './people';

test('a command is found by a few letters and done, and focus comes back', async ({ page }) => {
  const customer = new Customer('33612345721', 'Sophie Germain');
  await agent(page, 'bruno');
  await customer.writes({ text: 'Bonjour, je voudrais le prix' });
  await accept(page, 'Sophie Germain');
  const box = page.getByRole('textbox', { name: 'Reply to Sophie Germain' });
  await box.fill('Half a sentence');
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  const search = palette.getByRole('combobox');
  await expect(search).toBeFocused();
  await search.fill('zzz');
  await expect(palette.getByText('No command is called so')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(palette).toBeHidden();
  await expect(box).toBeFocused();
  await expect(box).toHaveValue('Half a sentence');

  await page.keyboard.press('Control+k');
  await search.fill('outc');
  await expect(palette.getByRole('option').first()).toContainText('Outcome');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Outcome' })).toBeVisible();
  await page.keyboard.press('Escape');

  // Letters stay letters where one writes, and a question mark is one too.
  await box.focus();
  await page.keyboard.type(' / ?');
  await expect(box).toHaveValue('Half a sentence / ?');
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('what is not possible says why, and pages are a few letters away', async ({ page }) => {
  await signIn(page, 'sam');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Type the name of a command' }).fill('board');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Live board' })).toBeVisible();
});
