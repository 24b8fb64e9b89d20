// Reaching people: a new conversation, another channel, the card, another language, another time, a transcript.
import { expect, test } from '@playwright/test';
import { Customer, accept, advance, agent, asAdministrator, finish, option, signIn, url } from './people';

test.afterEach(() => finish('alice'));

test('a new conversation begins with a template, to somebody from the directory or to a new number', async ({ page }) => {
  await agent(page, 'alice');
  await page.getByRole('button', { name: 'New conversation…' }).click();
  const dialog = page.getByRole('dialog');
  const search = dialog.getByRole('combobox', { name: /Search by name/ });
  await expect(search).toBeFocused();
  await search.fill('+33 6 12 34 56 41');
  await dialog.getByRole('option', { name: /Write to \+33 6 12 34 56 41/ }).click();
  await expect(dialog.getByLabel('Channel', { exact: true })).toHaveValue('whatsapp-demo');
  await expect(dialog.getByRole('button', { name: 'Start the conversation' })).toBeDisabled();
  await dialog.getByRole('button', { name: /welcome_back.*\ben\b/ }).click();
  await dialog.getByRole('button', { name: 'Start the conversation' }).click();
  await expect(dialog.getByLabel('Value 1')).toBeFocused();
  await dialog.getByLabel('Value 1').fill('Louise');
  await dialog.getByLabel('Value 2').fill('your quote');
  await dialog.getByRole('button', { name: 'Start the conversation' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('log').getByRole('article', { name: /^You/ })).toContainText('your quote');
  const customer = new Customer('33612345641', 'Louise Dehors');
  await expect.poll(() => customer.sees()).toContain('your quote');

  // The same person again, by name this time: the conversation that exists is reused.
  await customer.writes({ text: 'Merci' });
  await expect(page.getByRole('heading', { level: 1, name: /Louise Dehors/ })).toBeVisible();
  const here = page.url();
  await page.keyboard.press('Alt+b');
  await search.fill('louise deh');
  await dialog.getByRole('option', { name: /Louise Dehors/ }).click();
  await dialog.getByRole('button', { name: /welcome_back.*\ben\b/ }).click();
  await dialog.getByLabel('Value 1').fill('Louise');
  await dialog.getByLabel('Value 2').fill('your order');
  await dialog.getByRole('button', { name: 'Start the conversation' }).click();
  await expect(page.getByRole('log')).toContainText('your order');
  expect(page.url()).toBe(here);
});

test('a new conversation begins with somebody from an address book', async ({ page }) => {
  await agent(page, 'alice');
  await page.getByRole('button', { name: 'New conversation…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: /Search by name/ }).fill('aqua');
  const entry = dialog.getByRole('option', { name: /Aqua Plomberie/ });
  await expect(entry).toContainText('Suppliers');
  await expect(entry).toContainText('On call until 20:00');
  await entry.click();
  await dialog.getByRole('button', { name: /welcome_back.*\ben\b/ }).click();
  await dialog.getByLabel('Value 1').fill('Aqua');
  await dialog.getByLabel('Value 2').fill('our leak');
  await dialog.getByRole('button', { name: 'Start the conversation' }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => new Customer('33612345649', 'Aqua').sees()).toContain('our leak');
});

test('a conversation goes on on another channel, linked and beside the first', async ({ page }) => {
  const customer = new Customer('33612345642', 'Clara Canal');
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, customer.name);
  await option(page, 'Continue on another channel…');
  const dialog = page.getByRole('dialog', { name: 'Continue on another channel' });
  await dialog.getByLabel('Channel', { exact: true }).selectOption('whatsapp-second');
  await dialog.getByRole('button', { name: /welcome_back.*\ben\b/ }).click();
  await dialog.getByLabel('Value 1').fill('Clara');
  await dialog.getByLabel('Value 2').fill('this channel');
  await dialog.getByRole('button', { name: 'Continue there' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('log')).toContainText('this channel');
  await expect(page.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Clara Canal/ })).toHaveCount(2);
});

test('the card tells who it is, is edited and marked, and shows what was before', async ({ page }) => {
  const customer = new Customer('33612345643', 'Colette Carte');
  await agent(page, 'alice');
  await customer.writes({ text: 'La premiere fois' });
  await accept(page, customer.name);
  await page.getByRole('button', { name: 'Outcome…' }).click();
  await page.getByRole('dialog').getByText('Closed', { exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save the outcome' }).click();
  await option(page, 'Detach and close');
  await page.getByRole('dialog').getByRole('button', { name: 'Detach and close' }).click();
  await customer.writes({ text: 'La deuxieme fois' });
  await accept(page, customer.name);

  const card = page.getByRole('complementary', { name: 'Customer card' });
  await card.getByRole('button', { name: 'Edit' }).click();
  await expect(card.getByLabel('Name', { exact: true }).first()).toBeFocused();
  await card.getByRole('button', { name: 'Add an attribute' }).click();
  await card.getByRole('textbox', { name: 'Name', exact: true }).last().fill('loyalty');
  await card.getByRole('textbox', { name: 'Value of loyalty' }).fill('gold');
  await card.getByLabel('VIP').check();
  await card.getByRole('button', { name: 'Save' }).click();
  await expect(card).toContainText('gold');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('VIP');

  await card.getByRole('button', { name: 'Actions' }).click();
  await card.getByRole('button', { name: 'Record an opt-out' }).click();
  await expect(card).toContainText('Opted out');
  await card.getByRole('button', { name: 'Actions' }).click();
  await card.getByRole('button', { name: 'Take the opt-out back' }).click();
  await expect(card).not.toContainText('Opted out');

  await card.getByRole('button', { name: /La premiere fois/ }).click();
  const past = page.getByRole('dialog', { name: /Earlier conversation/ });
  await expect(past.getByRole('log')).toContainText('La premiere fois');
  await page.keyboard.press('Escape');

  await card.getByRole('button', { name: 'Actions' }).click();
  // Joining two contacts is for those whose role may.
  await expect(card.getByRole('button', { name: 'Merge with another contact…' })).toHaveCount(0);
  await card.getByRole('button', { name: 'Block the contact' }).click();
  await page.getByRole('dialog', { name: /^Block/ }).getByRole('button', { name: 'Block the contact' }).click();
  await expect(card).toContainText('Blocked');
});

test('each reads their own language, and nothing is sent untranslated by itself', async ({ page }) => {
  const customer = new Customer('33612345645', 'Teresa Traduce');
  await agent(page, 'alice');
  await customer.writes({ text: 'Necesito ayuda' });
  await accept(page, customer.name);
  await option(page, 'Translate…');
  const dialog = page.getByRole('dialog', { name: 'Translate' });
  await dialog.getByLabel('Language of the contact').selectOption('es');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Translating both ways between English and Spanish.')).toBeVisible();
  await customer.writes({ text: 'Mi pedido no llega' });
  const theirs = page.getByRole('log').getByRole('article', { name: /Teresa Traduce/ }).last();
  await expect(theirs).toContainText('en-Mi en-pedido');
  await expect(theirs).toContainText('Mi pedido no llega');
  await expect(theirs).toContainText('Written in Spanish');
  const box = page.getByRole('textbox', { name: 'Reply to Teresa Traduce' });
  await box.fill('It is coming');
  await box.press('Enter');
  const mine = page.getByRole('log').getByRole('article', { name: /^You/ }).last();
  await expect(mine).toContainText('Sent in Spanish');
  await expect.poll(() => customer.sees()).toContain('es-It es-is es-coming');
  await box.fill('This is untranslatable');
  await box.press('Enter');
  const failed = page.getByRole('log').getByRole('article', { name: /^You/ }).last();
  await expect(failed).toContainText('It could not be translated.');
  expect(await customer.sees()).not.toContain('untranslatable');
  await failed.getByRole('button', { name: 'Send untranslated' }).click();
  await expect.poll(() => customer.sees()).toContain('untranslatable');
  await page.getByRole('button', { name: 'Stop translating' }).click();
  await expect(page.getByText(/Translating both ways/)).toBeHidden();
});

test('what is snoozed leaves, is found again, and comes back', async ({ page }) => {
  const customer = new Customer('33612345646', 'Sylvie Sommeil');
  await agent(page, 'alice');
  await customer.writes({ text: 'Demain plutot' });
  await accept(page, customer.name);
  const row = page.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Sylvie Sommeil/ });
  await page.keyboard.press('Alt+s');
  await page.getByRole('dialog', { name: 'Snooze until' }).getByRole('button', { name: /In one hour/ }).click();
  await expect(row).toBeHidden();
  await page.getByRole('button', { name: 'Snoozed conversations' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take back Sylvie Sommeil' }).click();
  await expect(row).toBeVisible();
  await page.keyboard.press('Alt+s');
  await page.getByRole('dialog', { name: 'Snooze until' }).getByRole('button', { name: /In one hour/ }).click();
  await expect(row).toBeHidden();
  await advance('2h');
  await expect(row).toBeVisible();
});

test('timers turn yellow and red in words, and the contact is given more time', async ({ page }) => {
  const customer = new Customer('33612345647', 'Marie Minute');
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, customer.name);
  const head = page.getByRole('region', { name: 'Conversation with Marie Minute' });
  await expect(head.getByText(/^The contact is waiting: \d/).first()).toBeAttached();
  await advance('6m');
  const row = page.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Marie Minute/ });
  await expect(row.locator('.chip.amber')).toBeVisible();
  await advance('5m');
  await expect(row).toContainText('The contact has waited too long');
  const box = page.getByRole('textbox', { name: 'Reply to Marie Minute' });
  await box.fill('Me voici');
  await box.press('Enter');
  await expect(row).toContainText('Waiting for the contact');
  const more = page.getByRole('button', { name: /^\+Time/ });
  await expect(more).toContainText('2 extensions left');
  await more.click();
  await expect(more).toContainText('1 extension left');
  await more.click();
  await expect(more).toBeHidden();
  await page.getByRole('button', { name: 'Options' }).click();
  await page.keyboard.press('Escape');
});

test('a transcript goes to exactly one address, and its fate is told', async ({ page }) => {
  const customer = new Customer('33612345648', 'Tina Transcription');
  await agent(page, 'alice');
  await customer.writes({ text: 'Gardez une trace' });
  await accept(page, customer.name);
  const send = async (email: string): Promise<void> => {
    await option(page, 'Send a transcript…');
    const dialog = page.getByRole('dialog', { name: 'Send a transcript' });
    await dialog.getByLabel('E-mail address').fill('a@example.com, b@example.com');
    await dialog.getByRole('button', { name: 'Send the transcript' }).click();
    await expect(dialog.getByText('Enter exactly one e-mail address.')).toBeVisible();
    await expect(dialog.getByLabel('E-mail address')).toBeFocused();
    await dialog.getByLabel('E-mail address').fill(email);
    await dialog.getByRole('button', { name: 'Send the transcript' }).click();
    await expect(dialog).toBeHidden();
  };
  await send('tina@example.com');
  await expect(page.getByText('The transcript was sent.')).toBeVisible();
  await send('refused@example.com');
  await expect(page.getByText(/The transcript was not sent/)).toBeVisible();
});

test('the password is changed, and a wrong one is said to be wrong', async ({ page }) => {
  await asAdministrator('admin.agents.save', { login: 'dora', name: 'Dora', role: 'agent', password: 'her first secret' });
  await signIn(page, 'dora', 'her first secret');
  const change = async (old: string, fresh: string): Promise<void> => {
    await page.getByLabel('Current password').fill(old);
    await page.getByLabel('New password').fill(fresh);
    await page.getByRole('button', { name: 'Save' }).click();
  };
  const open = async (): Promise<void> => {
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('button', { name: 'Change my password' }).click();
  };
  await open();
  await change('not this', 'her second secret');
  await expect(page.getByRole('alert').filter({ hasText: 'This is not your current password.' })).toBeVisible();
  await expect(page.getByLabel('Current password')).toBeFocused();
  await change('her first secret', 'her second secret');
  await expect(page.getByText('Your password is changed.')).toBeVisible();
  const answer = await page.request.post(url('/login'), { data: { login: 'dora', password: 'her second secret' } });
  expect(answer.status()).toBe(204);
});
