// An administrator's work, through the screen: people, skills, teams, channels, plugins, tokens.
import { expect, test, type Page } from '@playwright/test';
import { signIn, url } from './people';

async function section(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Administration sections' }).getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

/** A browser of somebody else's. */
async function stranger(page: Page): Promise<Page> {
  const context = await page.context().browser()?.newContext({ locale: 'en-GB' });
  if (!context) throw new Error('no second browser');
  return context.newPage();
}

async function administer(page: Page): Promise<void> {
  await signIn(page, 'ada');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Administration' }).click();
}

test('an agent with a skill and a team of its own is made, gets another password, signs in, and is removed', async ({ page }) => {
  await administer(page);
  await section(page, 'Skills');
  await page.getByRole('button', { name: 'Add a skill' }).click();
  await page.getByLabel('Title').fill('Réparations');
  await page.getByLabel('Dispositions').fill('repaired\nreplaced');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /Réparations/ })).toContainText('Replaced');

  await section(page, 'Teams');
  await page.getByRole('button', { name: 'Add a team' }).click();
  await page.getByLabel('Title').fill('Atelier');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /Atelier/ })).toContainText('0 members');

  await section(page, 'Agents');
  await page.getByRole('button', { name: 'Add an agent' }).click();
  await page.getByLabel('Name').fill('Denis Papin');
  await page.getByLabel('Login').fill('denis');
  await page.getByRole('dialog').getByRole('combobox', { name: 'Role' }).selectOption('Supervisor');
  await page.getByLabel('First password').fill('guichet-guichet');
  await page.getByRole('dialog').getByRole('combobox', { name: 'Add a skill' }).selectOption('Réparations');
  await page.getByLabel('Level for Réparations').fill('7');
  await page.getByLabel('Atelier').check();
  await page.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('row', { name: /Denis Papin/ });
  await expect(row).toContainText('Réparations 7');
  await expect(row).toContainText('Supervisor');

  await row.getByRole('button', { name: 'Denis Papin', exact: true }).click();
  await page.getByRole('button', { name: 'New password…' }).click();
  const password = 'another guichet';
  await page.getByRole('dialog').getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The password is changed.')).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();

  const denis = await stranger(page);
  await denis.goto(url('/'));
  await denis.getByLabel('Login').fill('denis');
  await denis.getByLabel('Password', { exact: true }).fill(password);
  await denis.getByRole('button', { name: 'Sign in' }).click();
  await expect(denis.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await expect(denis.getByRole('link', { name: 'Board' })).toBeVisible();

  await row.getByRole('button', { name: 'Denis Papin', exact: true }).click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(row).toBeHidden();
  await expect(denis.getByText('Your session has ended')).toBeVisible();
  await denis.context().close();
});

test('a channel shows where its provider calls, and a token is made and revoked', async ({ page }) => {
  await administer(page);
  await section(page, 'Channels');
  await expect(page.getByRole('region', { name: 'whatsapp-demo' }).getByLabel('Callback address')).toHaveValue(url('/webhooks/whatsapp-demo'));

  await section(page, 'Tokens');
  await page.getByRole('button', { name: 'Add a token' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('crm');
  await page.getByRole('dialog').getByRole('button', { name: 'Add a token' }).click();
  const token = await page.getByRole('dialog').getByLabel('Tokens').inputValue();
  const ask = (): Promise<number> =>
    fetch(url('/rpc'), {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'admin.agents.list', params: {} }),
    }).then((answer) => answer.status);
  expect(await ask()).toBe(200);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.getByLabel('Name of a token').fill('crm');
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('The token is revoked.')).toBeVisible();
  expect(await ask()).toBe(401);
});
