// The main job, through the screen: a customer writes on WhatsApp, an agent answers.
import { expect, test, type WebSocketRoute } from '@playwright/test';
import { Customer, accept, advance, agent, finish, url } from './people';

test.afterEach(() => finish('alice'));

test('a new customer writes, an agent with the skill answers, resolves, and it ends', async ({ page, context }) => {
  await agent(page, 'alice');

  const phone = await context.newPage();
  await phone.goto(url('/sim/'));
  await phone.locator('#add-name').fill('Marie Curie');
  await phone.locator('#add-number').fill('+33 6 12 34 56 01');
  await phone.locator('#add').getByRole('button').click();
  await phone.locator('#text').fill('Bonjour, mon appareil est en panne');
  await phone.locator('#send').click();

  await page.bringToFront();
  await expect(page).toHaveTitle(/^\(1\)/);
  await accept(page, 'Marie Curie');
  const log = page.getByRole('log');
  await expect(log).toContainText('mon appareil est en panne');
  await expect(page.getByText(/Free text until/)).toBeVisible();

  const box = page.getByRole('textbox', { name: 'Reply to Marie Curie' });
  await box.fill('Bonjour *Marie*');
  await box.press('Shift+Enter');
  await box.pressSequentially('Je regarde.');
  await box.press('Enter');
  const sent = log.getByRole('article', { name: /^You/ }).last();
  await expect(sent).toContainText('Bonjour Marie');
  await expect(box).toHaveValue('');

  await phone.bringToFront();
  await expect(phone.locator('#messages')).toContainText('Je regarde.');
  await page.bringToFront();
  await expect(sent.getByRole('img', { name: 'Read' })).toBeVisible();

  await page.getByRole('button', { name: 'Options' }).click();
  await page.getByRole('button', { name: 'Why did I get this?' }).click();
  await expect(page.getByRole('dialog')).not.toContainText('Loading');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Outcome…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Outcome' });
  await dialog.getByLabel('Note').fill('Repaired by telephone');
  await dialog.getByLabel('Tags').fill('repair');
  await dialog.getByRole('button', { name: 'Save the outcome' }).click();
  await expect(dialog).toBeHidden();
  const row = page.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Marie Curie/ });
  await expect(row.getByRole('img', { name: 'Resolved' })).toBeVisible();
  await expect(log).toContainText('Repaired by telephone');

  await advance('49h');
  await expect(row).toBeHidden();
  await expect(page.getByText('This interaction is no longer in your inbox')).toBeVisible();
});

test('after a day without a message only a template goes, and only when it is filled in', async ({ page }) => {
  const customer = new Customer('33612345602', 'Jean Moulin');
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, 'Jean Moulin');
  await advance('25h');

  await expect(page.getByText('The service window is closed')).toBeVisible();
  await expect(page.getByRole('textbox', { name: /^Reply to/ })).toBeHidden();
  await page.getByRole('button', { name: 'Choose a template' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /welcome_back.*\ben\b/ }).click();
  await dialog.getByLabel('Value 1').fill('Jean');
  await dialog.getByRole('button', { name: 'Send template' }).click();
  await expect(dialog.getByText('This value is needed.')).toBeVisible();
  await expect(dialog.getByLabel('Value 2')).toBeFocused();
  await dialog.getByLabel('Value 2').fill('your order');
  await expect(dialog).toContainText('Hello Jean, we are getting back to you about: your order.');
  await dialog.getByRole('button', { name: 'Send template' }).click();
  await expect(dialog).toBeHidden();

  const sent = page.getByRole('log').getByRole('article', { name: /^You/ }).last();
  await expect(sent).toContainText('your order');
  await expect(sent.getByRole('img', { name: /Sent|Delivered|Read/ })).toBeVisible();
  await expect.poll(() => customer.sees()).toContain('your order');
});

test('a draft survives a reload, and a file goes with the text under it', async ({ page }) => {
  const customer = new Customer('33612345603', 'Simone Veil');
  await agent(page, 'alice');
  await customer.writes({ text: 'Mon appareil est en panne' });
  await accept(page, 'Simone Veil');
  const box = page.getByRole('textbox', { name: 'Reply to Simone Veil' });
  await box.fill('Voici la photo');
  // An Enter that ends a composition (an input method's) does not send.
  await box.dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true });
  await expect(box).toHaveValue('Voici la photo');
  await page.reload();
  await expect(box).toHaveValue('Voici la photo');

  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  await page.locator('.composer input[type=file]').setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from(pixel, 'base64') });
  await expect(page.getByRole('list', { name: 'Attachments' })).toContainText('photo.png');
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeEnabled();
  await box.press('Enter');
  const sent = page.getByRole('log').getByRole('article', { name: /^You/ }).last();
  await expect(sent.getByRole('button', { name: /Open the image/ })).toBeVisible();
  await expect(sent).toContainText('Voici la photo');
  await customer.reads();
  await expect(sent.getByRole('img', { name: 'Read' })).toBeVisible();
});

test('the list keeps its order under the pointer', async ({ page }) => {
  await agent(page, 'alice');
  const first = new Customer('33612345604', 'Anne Ronde');
  const second = new Customer('33612345605', 'Bruno Carre');
  for (const one of [first, second]) {
    await one.writes({ text: 'Bonjour' });
    await accept(page, one.name);
  }
  const rows = page.getByRole('list', { name: 'Interactions' }).getByRole('link');
  await expect(rows.first()).toContainText('Bruno Carre');
  await rows.first().hover();
  await first.writes({ text: 'Encore moi' });
  await expect(page.getByRole('button', { name: /refresh the order/ })).toBeVisible();
  await expect(rows.first()).toContainText('Bruno Carre');
  await page.getByRole('log').hover();
  await expect(rows.first()).toContainText('Anne Ronde');
});

test('the connection comes back by itself, and nothing is lost or sent twice', async ({ page }) => {
  const customer = new Customer('33612345606', 'Rosa Parks');
  const lines: WebSocketRoute[] = [];
  let cut = false;
  await page.routeWebSocket('**/ws', (line) => {
    if (cut) return void line.close({ code: 1012 });
    const server = line.connectToServer();
    lines.push(line);
    // While the line is "dying", what the console sends arrives, and the answer does not.
    server.onMessage((text) => {
      if (!cut) line.send(text);
    });
  });
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, 'Rosa Parks');
  const log = page.getByRole('log');
  const box = page.getByRole('textbox', { name: 'Reply to Rosa Parks' });
  const sent = log.getByRole('article', { name: /^You/ });

  cut = true;
  await box.fill('Sent on a dying line');
  await box.press('Enter');
  await expect.poll(() => customer.sees()).toContain('Sent on a dying line');
  await lines.at(-1)?.close({ code: 1012 });
  await box.fill('Sent while away');
  await box.press('Enter');
  await customer.writes({ text: 'Vous etes la ?' });
  await expect(page.getByText(/Connection lost/)).toBeVisible();
  await expect(sent.getByRole('img', { name: 'Sending' })).toHaveCount(2);
  await box.fill('A draft meanwhile');

  cut = false;
  await page.getByRole('button', { name: 'Retry now' }).click();
  await expect(log).toContainText('Vous etes la ?');
  await expect(page.getByText(/Connection lost/)).toBeHidden();
  await expect(sent.getByRole('img', { name: /^(Sent|Delivered|Read)$/ })).toHaveCount(2);
  await expect(sent).toHaveCount(2);
  await expect(box).toHaveValue('A draft meanwhile');
  const seen = await customer.sees();
  for (const text of ['Sent on a dying line', 'Sent while away']) expect(seen.split(text).length - 1, text).toBe(1);
});
