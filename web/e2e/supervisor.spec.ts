// A supervisor's day, through the screen: the board, all interactions, watching, coaching, reassigning, taking over.
import { expect, test, type Page } from '@playwright/test';
import { Customer, accept, agent, signIn, url } from './people';

/** A second person, in a browser of its own. */
async function other(page: Page, login: string): Promise<Page> {
  const context = await page.context().browser()?.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  const second = await context?.newPage();
  if (!second) throw new Error('no second browser');
  await agent(second, login);
  return second;
}

async function open(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'All interactions' }).click();
  await page.getByRole('list', { name: 'All interactions' }).getByRole('link', { name: new RegExp(name) }).click();
  await expect(page.getByRole('log')).toBeVisible();
}

test('the board moves by itself, and an agent is sent on a break from it', async ({ page }) => {
  const alice = await other(page, 'alice');
  await signIn(page, 'sam');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Board' }).click();
  await expect(page.getByRole('heading', { name: 'Live board' })).toBeVisible();
  const row = page.getByRole('row', { name: /Alice Martin/ });
  await expect(row).toContainText(/Free|Busy/);

  const before = (await row.textContent())?.match(/(\d+)\/5/u)?.[1] ?? '0';
  const customer = new Customer('33612345701', 'Ada Lovelace');
  await page.getByRole('button', { name: 'Watch everything' }).click();
  await customer.writes({ text: 'Bonjour, mon appareil est en panne' });
  await expect(page.getByRole('list', { name: 'Activity' })).toContainText('Ada Lovelace');
  await accept(alice, 'Ada Lovelace');
  await expect(row).toContainText(`${Number(before) + 1}/5`);
  await expect(page.getByRole('list', { name: 'Activity' })).toContainText('is with Alice Martin');
  await page.getByRole('button', { name: 'Watch everything' }).click();
  await expect(page.getByRole('button', { name: 'Watch everything' })).toHaveAttribute('aria-pressed', 'false');

  await row.getByRole('button', { name: 'Acts on Alice Martin' }).click();
  await page.getByRole('button', { name: 'Unavailable · Break' }).click();
  await expect(row).toContainText('Break');
  await expect(alice.getByRole('button', { name: /^My state/ })).toContainText('Break');
  await alice.context().close();
});

test('an interaction is watched live, coached, explained, reassigned and taken over', async ({ page }) => {
  const bruno = await other(page, 'bruno');
  const customer = new Customer('33612345702', 'Grace Hopper');
  await customer.writes({ text: 'Bonjour, je voudrais le prix' });
  await accept(bruno, 'Grace Hopper');
  await agent(page, 'sam');
  await open(page, 'Grace Hopper');
  const log = page.getByRole('log');
  await expect(log).toContainText('je voudrais le prix');

  await customer.writes({ text: 'Vous etes la ?' });
  await expect(log).toContainText('Vous etes la ?');

  await page.getByRole('button', { name: 'Note to Bruno Petit' }).click();
  await page.getByRole('textbox', { name: 'Note to Bruno Petit' }).fill('Offer the spring price');
  await page.getByRole('button', { name: 'Add the note' }).click();
  await expect(bruno.getByRole('log')).toContainText('Offer the spring price');
  await expect(log).toContainText('Offer the spring price');

  await page.getByRole('button', { name: 'Decisions' }).click();
  const why = page.getByRole('dialog', { name: 'Why it went where it went' });
  await expect(why).toContainText('Offered to');
  await expect(why).toContainText('Bruno Petit');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Reassign' }).click();
  await page.getByRole('dialog').getByRole('searchbox').fill('sales');
  await page.getByRole('dialog').getByRole('button', { name: /^Sales/ }).click();
  await expect(page.getByText('It is reassigned.')).toBeVisible();
  await expect(bruno.getByText('This interaction is no longer in your inbox')).toBeVisible();

  await page.getByRole('button', { name: 'Take over' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take over' }).click();
  await expect(page.getByRole('textbox', { name: 'Reply to Grace Hopper' })).toBeVisible();
  await bruno.context().close();
});

test('two contacts who are one person are joined, and separated again', async ({ page }) => {
  const customer = new Customer('33612345705', 'Ada Byron');
  await customer.writes({ text: 'Bonjour, je voudrais le prix' });
  await agent(page, 'sam');
  await open(page, customer.name);
  await page.getByRole('button', { name: 'Take over' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take over' }).click();
  await expect(page.getByRole('textbox', { name: `Reply to ${customer.name}` })).toBeVisible();
  const twin = new Customer('33612345706', 'Ada Jumelle');
  await twin.writes({ text: 'Moi aussi' });

  const card = page.getByRole('complementary', { name: 'Customer card' });
  await card.getByRole('button', { name: 'Actions' }).click();
  await card.getByRole('button', { name: 'Merge with another contact…' }).click();
  const merge = page.getByRole('dialog', { name: 'Merge with another contact…' });
  await merge.getByRole('combobox').fill('jumelle');
  await merge.getByRole('option', { name: /Ada Jumelle/ }).click();
  await merge.getByRole('button', { name: 'Merge' }).click();
  await expect(card).toContainText('Ada Jumelle was merged');
  await expect(card).toContainText('+33612345706');
  await card.getByRole('button', { name: 'Separate' }).click();
  await expect(card).not.toContainText('+33612345706');
});

test('all interactions are listed by filters', async ({ page }) => {
  const bruno = await other(page, 'bruno');
  const customer = new Customer('33612345703', 'Mary Somerville');
  await customer.writes({ text: 'Bonjour, je voudrais un devis' });
  await accept(bruno, 'Mary Somerville');
  await signIn(page, 'sam');
  await page.goto(url('/#/work'));
  const list = page.getByRole('list', { name: 'All interactions' });
  const row = list.getByRole('link', { name: /Mary Somerville/ });
  await expect(row).toContainText('Assigned · Bruno Petit');
  await page.getByRole('combobox', { name: 'Agent' }).selectOption('Alice Martin');
  await expect(row).toBeHidden();
  await page.getByRole('combobox', { name: 'Agent' }).selectOption('Bruno Petit');
  await expect(row).toBeVisible();
  await page.getByRole('combobox', { name: 'Status' }).selectOption('Escalated');
  await expect(page.getByText('No interaction fits')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await expect(row).toBeVisible();
  await bruno.context().close();
});

test('a search finds words in messages and notes, marks them, and opens what it found beside the list', async ({ page }) => {
  const customer = new Customer('33612345704', 'Emmy Noether');
  await agent(page, 'chloe');
  await customer.writes({ text: 'Bonjour, je voudrais le prix du théodolite <b>ancien</b>' });
  await accept(page, 'Emmy Noether');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Search' }).click();
  const box = page.getByRole('searchbox', { name: /^Search messages/ });
  await expect(box).toBeFocused();
  await box.fill('theodolites');
  await box.press('Enter');
  const hit = page.getByRole('list', { name: 'Search' }).getByRole('link');
  await expect(hit).toHaveCount(1);
  await expect(hit.locator('mark')).toHaveText('théodolite');
  await expect(hit).toContainText('<b>ancien</b>');
  await page.getByRole('button', { name: 'Notes', exact: true }).click();
  await expect(page.getByText('Nothing was found')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await hit.click();
  await expect(page.getByRole('log')).toContainText('théodolite');
  await expect(hit).toHaveAttribute('aria-current', 'true');
});
