// What an agent writes: notes and tags in place, quick replies with their forms, emoji, files, and drafts that follow.
import { expect, test } from '@playwright/test';
import { Customer, accept, agent, fault, finish } from './people';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

test.afterEach(() => finish('alice'));

test('notes and tags stand where they belong, and never leave', async ({ page }) => {
  const customer = new Customer('33612345631', 'Nina Note');
  await agent(page, 'alice');
  await customer.writes({ text: 'Mon numero est 4711' });
  await accept(page, customer.name);
  const message = page.getByRole('log').getByRole('article', { name: /Nina Note/ });

  await page.getByRole('button', { name: 'Note', exact: true }).click();
  const box = page.getByRole('textbox', { name: 'Internal note' });
  await expect(box).toBeFocused();
  await box.fill('She called before');
  await box.press('Enter');
  await expect(page.getByRole('note').filter({ hasText: 'She called before' })).toBeVisible();
  await expect(box).toHaveValue('');
  await expect(box).toBeFocused();

  await message.hover();
  await message.getByRole('button', { name: 'More about this message' }).click();
  await page.getByRole('button', { name: 'Note on this message' }).click();
  await expect(box).toBeFocused();
  await box.fill('This number is wrong');
  await box.press('Enter');
  const noted = page.getByRole('note').filter({ hasText: 'This number is wrong' });
  await expect(noted).toContainText('Mon numero est 4711');

  await message.hover();
  await message.getByRole('button', { name: 'More about this message' }).click();
  await page.getByRole('button', { name: 'Tag this message' }).click();
  const tag = message.getByRole('combobox', { name: 'New tag' });
  await expect(tag).toBeFocused();
  await tag.fill('order number');
  await tag.press('Enter');
  await expect(message.getByRole('list', { name: 'Tags of this message' })).toContainText('order number');
  await tag.press('Escape');

  await page.getByRole('button', { name: 'Options' }).click();
  await page.getByRole('button', { name: /^Add a tag/ }).click();
  const own = page.getByRole('combobox', { name: 'New tag' });
  await own.fill('urgent');
  await own.press('Enter');
  const tags = page.getByRole('list', { name: 'Tags of this conversation' });
  await expect(tags).toContainText('urgent');
  await tags.getByRole('button', { name: 'Remove the tag urgent' }).click();
  await expect(tags).toBeHidden();
  await expect(box).toBeFocused();
  const seen = await customer.sees();
  for (const secret of ['She called', 'wrong', 'urgent', 'order number']) expect(seen).not.toContain(secret);
});

test('a quick reply is found, asked for what it lacks, and starred, by keyboard alone', async ({ page }) => {
  const customer = new Customer('33612345632', 'Rosa Rapide');
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, customer.name);
  const box = page.getByRole('textbox', { name: 'Reply to Rosa Rapide' });
  const options = page.getByRole('listbox', { name: 'Quick replies' }).getByRole('option');

  await box.fill('/hello');
  await expect(options.first()).toContainText('Rosa');
  await box.press('Enter');
  await expect(box).toHaveValue(/Bonjour Rosa, ici Alice/);
  await expect(box).toBeFocused();
  await box.fill('');

  await page.keyboard.press('Alt+v');
  const search = page.getByRole('combobox', { name: 'Search quick replies' });
  await expect(search).toBeFocused();
  // A slip of the keyboard is forgiven.
  await search.fill('commande expedie');
  await expect(options.first()).toContainText('Commande expédiée');
  await search.press('Alt+f');
  await expect(options.first().getByRole('img', { name: 'Favourite' })).toBeVisible();
  await search.press('Enter');
  const order = page.getByLabel('Commande', { exact: true });
  await expect(order).toBeFocused();
  await order.press('Enter');
  await expect(page.getByRole('region', { name: 'Quick replies' }).getByRole('alert')).toBeVisible();
  await expect(order).toBeFocused();
  await order.fill('4711');
  await page.getByLabel('Livraison').fill('2026-12-24');
  await page.getByLabel('Livraison').press('Enter');
  await expect(box).toHaveValue('Votre commande 4711 est partie. Livraison prévue le 24 décembre 2026.');
  await expect(box).toBeFocused();
  await box.press('Enter');
  await expect.poll(() => customer.sees()).toContain('24 décembre 2026');

  await page.keyboard.press('Alt+v');
  await page.getByRole('button', { name: 'Favourites', exact: true }).click();
  await expect(options.filter({ hasText: 'Commande expédiée' })).toBeVisible();
  await search.fill('commande');
  await search.press('Alt+f');
  await expect(options).toHaveCount(0);
  await search.press('Escape');
  await expect(box).toBeFocused();
});

test('emoji, a pasted picture and a dropped file go with the text, and the draft follows to another device', async ({ page, browser }) => {
  const customer = new Customer('33612345633', 'Berthe Brouillon');
  await agent(page, 'alice');
  await customer.writes({ text: 'Bonjour' });
  await accept(page, customer.name);
  const box = page.getByRole('textbox', { name: 'Reply to Berthe Brouillon' });
  await box.fill('Merci ');
  await page.getByRole('button', { name: 'Emoji' }).click();
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('coeur rouge');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(box).toHaveValue('Merci ❤️');
  await expect(box).toBeFocused();

  const hand = async (kind: 'paste' | 'drop', name: string): Promise<void> => {
    const files = await page.evaluateHandle(([data, file]) => {
      const bytes = Uint8Array.from(atob(data ?? ''), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], file ?? '', { type: 'image/png' }));
      return transfer;
    }, [PIXEL, name]);
    if (kind === 'drop') await page.locator('.composer').dispatchEvent('drop', { dataTransfer: files });
    else {
      await box.evaluate((element, data) => {
        element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
      }, files);
    }
  };
  await hand('paste', 'pasted.png');
  await hand('drop', 'dropped.png');
  const attached = page.getByRole('list', { name: 'Attachments' });
  await expect(attached).toContainText('pasted.png');
  await expect(attached).toContainText('dropped.png');
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeEnabled();

  const other = await (await browser.newContext()).newPage();
  await agent(other, 'alice');
  await other.getByRole('link', { name: /Berthe Brouillon/ }).click();
  const elsewhere = other.getByRole('textbox', { name: 'Reply to Berthe Brouillon' });
  await expect(elsewhere).toHaveValue('Merci ❤️');
  await expect(other.getByRole('list', { name: 'Attachments' }).getByRole('listitem')).toHaveCount(2);
  await elsewhere.fill('Merci beaucoup ❤️');
  await expect(box).toHaveValue('Merci beaucoup ❤️');
  await other.context().close();

  await attached.getByRole('button', { name: 'Remove dropped.png' }).click();
  await box.press('Enter');
  const sent = page.getByRole('log').getByRole('article', { name: /^You/ });
  await expect(sent).toHaveCount(1);
  await expect(sent).toContainText('Merci beaucoup');
  await expect(sent.getByRole('button', { name: /Open the image/ })).toBeVisible();
});

test('a message is answered, reacted to, and sent again when it failed', async ({ page }) => {
  const customer = new Customer('33612345634', 'Rita Reponse');
  await agent(page, 'alice');
  await customer.writes({ text: 'Laquelle prendre ?' });
  await accept(page, customer.name);
  const asked = page.getByRole('log').getByRole('article', { name: /Rita Reponse/ });
  await asked.hover();
  await asked.getByRole('button', { name: 'React', exact: true }).click();
  await page.getByRole('button', { name: 'React with 👍' }).click();
  await expect(asked.getByRole('img', { name: 'Reactions: 👍' })).toBeVisible();
  await asked.getByRole('button', { name: 'Reply to this message' }).click();
  const box = page.getByRole('textbox', { name: 'Reply to Rita Reponse' });
  await fault({ error_code: 131026 });
  await box.fill('La bleue');
  await box.press('Enter');
  const sent = page.getByRole('log').getByRole('article', { name: /^You/ });
  await expect(sent).toContainText('Laquelle prendre ?');
  await expect(sent.getByRole('img', { name: 'Not sent' })).toBeVisible();
  await sent.getByRole('button', { name: 'Retry' }).click();
  const again = page.getByRole('log').getByRole('article', { name: /^You/ }).last();
  await expect(again.getByRole('img', { name: /^(Sent|Delivered|Read)$/ })).toBeVisible();
});
