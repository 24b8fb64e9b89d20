// An administrator's work, through the screen: people, roles, skills, teams, channels, tokens, scripts, the audit log, a contact's data.
import { expect, test, type Page } from '@playwright/test';
import { Customer, accept, agent, signIn, url } from './people';

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

test('an agent with a role, a skill and a team of its own is made, signs in, and is removed', async ({ page }) => {
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

  await section(page, 'Roles');
  await page.getByRole('button', { name: 'Add a role' }).click();
  await page.getByLabel('Title').fill('Apprenti');
  await page.getByLabel('Begin interactions').uncheck();
  await page.getByLabel('Search').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /Apprenti/ })).toContainText('apprenti');

  await section(page, 'Agents');
  await page.getByRole('button', { name: 'Add an agent' }).click();
  await page.getByLabel('Name').fill('Denis Papin');
  await page.getByLabel('Login').fill('denis');
  await page.getByRole('dialog').getByRole('combobox', { name: 'Role' }).selectOption('Apprenti');
  await page.getByLabel('First password').fill('guichet-guichet');
  await page.getByRole('dialog').getByRole('combobox', { name: 'Add a skill' }).selectOption('Réparations');
  await page.getByLabel('Level for Réparations').fill('7');
  await page.getByLabel('Atelier').check();
  await page.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('row', { name: /Denis Papin/ });
  await expect(row).toContainText('Réparations 7');
  await expect(row).toContainText('Apprenti');

  await row.getByRole('button', { name: 'Denis Papin', exact: true }).click();
  await page.getByRole('button', { name: 'New password…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The new password is:')).toBeVisible();
  const password = await page.getByRole('dialog').getByRole('textbox', { name: 'Password' }).inputValue();
  expect(password.length).toBeGreaterThanOrEqual(8);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();

  const denis = await stranger(page);
  await denis.goto(url('/'));
  await denis.getByLabel('Login').fill('denis');
  await denis.getByLabel('Password', { exact: true }).fill(password);
  await denis.getByRole('button', { name: 'Sign in' }).click();
  await expect(denis.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await expect(denis.getByRole('link', { name: 'Search' })).toBeHidden();

  await row.getByRole('button', { name: 'Denis Papin', exact: true }).click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(row).toBeHidden();
  await expect(denis.getByText('Your session has ended')).toBeVisible();
  await denis.context().close();

  await section(page, 'Roles');
  await page.getByRole('button', { name: 'Remove Apprenti' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('row', { name: /Apprenti/ })).toBeHidden();
  await section(page, 'Audit log');
  await expect(page.getByRole('row', { name: /Ada Fournier/ }).first()).toBeVisible();
});

test('a channel is tested, and a token is made and revoked', async ({ page }) => {
  await administer(page);
  await section(page, 'Channels');
  await page.getByRole('button', { name: 'Test the connection' }).first().click();
  await expect(page.getByText(/The account works/)).toBeVisible();

  await section(page, 'Tokens');
  await page.getByRole('button', { name: 'Add a token' }).click();
  await page.getByLabel('Name').fill('crm');
  await page.getByRole('dialog').getByRole('button', { name: 'Add a token' }).click();
  const token = await page.getByRole('dialog').getByLabel('Tokens').inputValue();
  const ask = (): Promise<number> =>
    fetch(url('/rpc'), {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'admin.agents.list', params: {} }),
    }).then((answer) => answer.status);
  expect(await ask()).toBe(200);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'Revoke crm' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByRole('row', { name: /crm/ })).toBeHidden();
  expect(await ask()).toBe(401);
});

test('a script is changed in the editor, a fault is shown at its line, and an older generation comes back', async ({ page }) => {
  await administer(page);
  await section(page, 'Scripts');
  await page.getByRole('navigation', { name: 'Files' }).getByRole('button', { name: /Timers/ }).click();
  const editor = page.getByRole('textbox', { name: 'Source of scripts/timers.lua' });
  await expect(editor).toContainText('return timers');
  const before = await page.getByText(/Generation \d+ is live/).textContent();

  await editor.press('Control+End');
  await editor.pressSequentially('this is not Lua');
  await page.getByRole('button', { name: 'Save and go live' }).click();
  await expect(page.getByText(/1 fault: nothing was changed/)).toBeVisible();
  await expect(page.getByRole('button', { name: /scripts\/timers\.lua:\d+/ })).toBeVisible();
  await expect(page.locator('.cm-lint-marker-error')).toBeVisible();
  await expect(page.getByText(String(before))).toBeVisible();

  await page.getByRole('button', { name: 'Discard changes' }).click();
  await expect(editor).not.toContainText('this is not Lua');
  await editor.press('Control+End');
  await editor.pressSequentially('-- changed here');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await expect(page.getByText(/^Good:/)).toBeVisible();
  await editor.press('Control+s');
  await expect(page.getByText(/^Live as generation \d+/)).toBeVisible();

  await page.getByRole('button', { name: /^Go back to generation/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Go back to it' }).click();
  await expect(editor).not.toContainText('changed here');
});

test('everything of one contact is taken out, then erased', async ({ page }) => {
  const customer = new Customer('33612345741', 'Irène Joliot');
  await customer.writes({ text: 'Bonjour, effacez-moi' });
  await administer(page);
  await section(page, 'Personal data');
  await page.getByRole('searchbox').fill('Joliot');
  await page.keyboard.press('Enter');
  const row = page.getByRole('row', { name: /Irène Joliot/ });
  const download = page.waitForEvent('download');
  await row.getByRole('link', { name: 'Export everything' }).click();
  expect((await download).suggestedFilename()).toMatch(/\.json$/u);
  await row.getByRole('button', { name: 'Erase…' }).click();
  const erase = page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true });
  await expect(erase).toBeDisabled();
  await page.getByLabel('Type ERASE to confirm').fill('ERASE');
  await erase.click();
  await expect(page.getByText('The contact is erased.')).toBeVisible();
  await expect(row).toBeHidden();
});

test('the daily report shows the day and is taken out as CSV', async ({ page }) => {
  const bruno = await stranger(page);
  await agent(bruno, 'bruno');
  const customer = new Customer('33612345742', 'Marguerite Perey');
  await customer.writes({ text: 'Bonjour, je voudrais le prix' });
  await accept(bruno, 'Marguerite Perey');
  await bruno.context().close();
  await signIn(page, 'sam');
  await page.goto(url('/#/board'));
  await page.getByRole('link', { name: 'Daily report' }).click();
  await expect(page.getByRole('region', { name: 'By skill' }).first()).toContainText('Sales');
  await page.getByRole('button', { name: 'Export' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'This report as CSV' }).click();
  expect((await download).suggestedFilename()).toMatch(/\.csv$/u);
});
