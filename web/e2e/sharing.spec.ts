// Two agents and one customer: transfer with its answers, and advice by internal notes.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { Customer, accept, agent, finish, option } from './people';

async function another(browser: Browser, login: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await agent(page, login);
  return page;
}

test.afterEach(async () => {
  for (const login of ['alice', 'bruno', 'chloe']) await finish(login);
});

test('a transfer is offered, cancelled, refused, and at last accepted with its note', async ({ page, browser }) => {
  const customer = new Customer('33612345621', 'Olympe Transfert');
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, customer.name);
  const bruno = await another(browser, 'bruno');
  const offered = bruno.getByRole('article', { name: /New offer.*Olympe Transfert/ });
  const propose = async (note: string): Promise<void> => {
    await option(page, 'Transfer…');
    const dialog = page.getByRole('dialog', { name: 'Transfer' });
    const search = dialog.getByRole('combobox', { name: 'Search by name' });
    await expect(search).toBeFocused();
    await search.fill('brun');
    await expect(dialog.getByRole('option')).toHaveCount(1);
    await expect(dialog.getByRole('option', { name: /Bruno.*Available.*of \d+ units busy/ })).toBeVisible();
    await search.press('Enter');
    await dialog.getByLabel('Note for colleagues').fill(note);
    await dialog.getByRole('button', { name: /^Transfer to Bruno/ }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByText(/Offered to Bruno/)).toBeVisible();
  };

  await propose('first');
  await expect(offered).toContainText('Transfer from Alice');
  await page.getByRole('button', { name: 'Options' }).click();
  await expect(page.getByRole('button', { name: /^Transfer…/ })).toContainText('A transfer waits for its answer');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Cancel the transfer' }).click();
  await expect(offered).toBeHidden();

  await propose('second');
  await expect(async () => {
    await offered.getByRole('button', { name: 'Refuse' }).click({ timeout: 1_000 });
    await expect(offered).toBeHidden({ timeout: 2_000 });
  }).toPass();
  await expect(page.getByText('did not take Olympe Transfert')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Reply to Olympe Transfert' })).toBeVisible();

  await propose('She has waited for a week');
  await accept(bruno, customer.name);
  await expect(bruno.getByRole('log')).toContainText('She has waited for a week');
  await expect(page.getByText('This interaction is no longer in your inbox')).toBeVisible();
  await bruno.context().close();
});

test('to a skill it leaves at once, and only from new or open', async ({ page }) => {
  const customer = new Customer('33612345622', 'Emilie File');
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, customer.name);
  await page.getByRole('button', { name: 'Outcome…' }).click();
  const outcome = page.getByRole('dialog', { name: 'Outcome' });
  await outcome.getByText('Pending', { exact: true }).click();
  await outcome.getByRole('button', { name: 'Save the outcome' }).click();
  await page.getByRole('button', { name: 'Options' }).click();
  await expect(page.getByRole('button', { name: /^Transfer…/ })).toContainText('Only new or open interactions can be transferred');
  await page.keyboard.press('Escape');
  await customer.writes({ text: 'Toujours la' });
  await expect(page.getByRole('log')).toContainText('Toujours la');

  await option(page, 'Transfer…');
  const dialog = page.getByRole('dialog', { name: 'Transfer' });
  await dialog.getByRole('tab', { name: 'Skills' }).click();
  await dialog.getByRole('option', { name: /Sales.*waiting.*available/ }).click();
  await dialog.getByRole('button', { name: 'Transfer to Sales' }).click();
  await expect(page.getByText('Transferred to Sales.')).toBeVisible();
  await expect(page.getByText('This interaction is no longer in your inbox')).toBeVisible();
});

test('a consulted colleague reads, writes notes and leaves', async ({ page, browser }) => {
  const customer = new Customer('33612345623', 'Ada Conseil');
  await agent(page, 'alice');
  await customer.writes({ text: 'Une question difficile' });
  await accept(page, customer.name);
  const chloe = await another(browser, 'chloe');
  await option(page, 'Consult…');
  const dialog = page.getByRole('dialog', { name: 'Consult a colleague' });
  await dialog.getByRole('option', { name: /Chloé|Chloe/ }).click();
  await dialog.getByRole('button', { name: /^Consult Chlo/ }).click();
  await expect(page.getByText(/Chlo. .*reads along/)).toBeVisible();

  await expect(chloe.getByText(/asks for your advice on Ada Conseil/)).toBeVisible();
  await chloe.getByRole('list', { name: 'You are consulted' }).getByRole('link', { name: /Ada Conseil/ }).click();
  await expect(chloe.getByRole('log')).toContainText('Une question difficile');
  await expect(chloe.getByRole('textbox', { name: /^Reply to/ })).toBeHidden();
  const note = chloe.getByRole('textbox', { name: 'Internal note' });
  await note.fill('Propose the blue one');
  await note.press('Enter');
  await expect(page.getByRole('note').filter({ hasText: 'Propose the blue one' })).toBeVisible();
  await expect.poll(() => customer.sees()).not.toContain('blue one');
  await chloe.getByRole('button', { name: 'Leave' }).click();
  await expect(page.getByText(/reads along/)).toBeHidden();
  await chloe.context().close();
});
