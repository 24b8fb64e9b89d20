// What comes into an inbox and leaves it: refused and missed offers, detaching, outcomes that are required, two windows at once.
import { expect, test, type Page } from '@playwright/test';
import { Customer, accept, advance, agent, away, clear, finish, option, signIn, url } from './people';

test.beforeEach(() => away('bruno', 'chloe'));
test.afterEach(() => finish('alice'));

test('an offer is refused, another missed twice, and the next one is pulled', async ({ page }) => {
  await clear();
  await agent(page, 'alice');
  const customer = new Customer('33612345781', 'Odile Offre');
  const offer = page.getByRole('article', { name: /New offer.*Odile Offre/ });
  const waiting = page.getByText('Support · 1');
  await customer.writes({ text: 'Mon appareil est en panne' });
  await expect(offer).toBeVisible();
  await expect(async () => {
    if (await offer.isVisible()) await offer.getByRole('button', { name: 'Refuse' }).click({ timeout: 1_000 });
    await expect(offer).toBeHidden({ timeout: 2_000 });
  }).toPass();
  await expect(waiting).toBeVisible();

  const state = page.getByRole('button', { name: /^My state/ });
  for (const more of [true, false]) {
    await advance('61s');
    await expect(offer).toBeVisible();
    await advance('46s');
    await expect(offer).toBeHidden();
    if (more) await expect(state).toContainText('Available');
  }
  await expect(state).toContainText('Missed offers');

  const pull = page.getByRole('button', { name: 'Take the next one' });
  await pull.click();
  await expect(page.getByText('Nothing waits that you can take now.')).toBeVisible();
  await advance('61s');
  await pull.click();
  await page.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Odile Offre/ }).click();
  await expect(page.getByRole('textbox', { name: 'Reply to Odile Offre' })).toBeVisible();
});

test('what is detached leaves, and comes back to the same agent with the next message', async ({ page }) => {
  await agent(page, 'alice');
  const customer = new Customer('33612345782', 'Denise Detachee');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, customer.name);
  const row = page.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Denise Detachee/ });
  await page.getByRole('textbox', { name: 'Reply to Denise Detachee' }).fill('Je vous rappelle');
  await page.keyboard.press('Enter');
  await option(page, 'Detach…');
  await page.getByRole('dialog').getByRole('button', { name: /^Detach/ }).last().click();
  await expect(row).toBeHidden();
  await customer.writes({ text: 'Me revoila' });
  await expect(row).toBeVisible();
  await row.click();
  await expect(page.getByRole('log')).toContainText('Je vous rappelle');
});

/** An administrator says what may come out of support, and whether something must. */
async function dispositions(page: Page, lines: string, required: boolean): Promise<void> {
  await page.goto(url('/#/admin/skills'));
  await page.getByRole('button', { name: 'Edit Support' }).click();
  await page.getByLabel('Dispositions').fill(lines);
  await page.getByLabel('Needed to resolve').setChecked(required);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
}

test('a skill can require a disposition, and offers its own', async ({ page, browser }) => {
  const ada = await (await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } })).newPage();
  await signIn(ada, 'ada');
  await dispositions(ada, 'repaired\nreplaced', true);
  await agent(page, 'alice');
  const customer = new Customer('33612345783', 'Diane Decision');
  await customer.writes({ text: 'Mon appareil est en panne' });
  await accept(page, customer.name);
  await page.getByRole('button', { name: 'Outcome…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Outcome' });
  await dialog.getByRole('button', { name: 'Save the outcome' }).click();
  await expect(dialog.getByText('Choose a disposition')).toBeVisible();
  await expect(dialog.getByLabel('Disposition')).toBeFocused();
  await dialog.getByLabel('Disposition').selectOption('Replaced');
  await dialog.getByRole('button', { name: 'Save the outcome' }).click();
  await expect(dialog).toBeHidden();
  const row = page.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Diane Decision/ });
  await expect(row.getByRole('img', { name: 'Resolved' })).toBeVisible();
  await dispositions(ada, '', false);
  await ada.context().close();
});

test('two windows of one agent show the same, whichever acts', async ({ page, context }) => {
  await agent(page, 'alice');
  const other = await context.newPage();
  await other.goto(url('/'));
  await expect(other.getByRole('button', { name: /^My state/ })).toContainText('Available');
  const customer = new Customer('33612345784', 'Fanny Fenetre');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, customer.name);
  await expect(other.getByRole('article', { name: /New offer/ })).toHaveCount(0);
  await other.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Fanny Fenetre/ }).click();
  const boxes = [page, other].map((one) => one.getByRole('textbox', { name: 'Reply to Fanny Fenetre' }));
  await boxes[0]?.fill('Bonjour Fanny');
  await expect(boxes[1] ?? other.locator('nothing')).toHaveValue('Bonjour Fanny');
  await boxes[1]?.press('Enter');
  await expect(boxes[0] ?? page.locator('nothing')).toHaveValue('');
  for (const one of [page, other]) await expect(one.getByRole('log').getByRole('article', { name: /^You/ })).toHaveCount(1);

  await page.getByRole('button', { name: 'Outcome…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save the outcome' }).click();
  const row = other.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Fanny Fenetre/ });
  await expect(row.getByRole('img', { name: 'Resolved' })).toBeVisible();
  await option(other, 'Detach and close');
  await other.getByRole('dialog').getByRole('button', { name: 'Detach and close' }).click();
  await expect(page.getByText('This interaction is no longer in your inbox')).toBeVisible();
});
