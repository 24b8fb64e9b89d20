// Plugins through the screen: seen, granted, set, taken back; a bot that answers and hands over; a section of the customer's card.
import { expect, test } from '@playwright/test';
import { Customer, accept, agent, away, finish, option, signIn, url } from './people';
import { crm } from './stand_ins';

test.afterEach(() => finish('alice'));

test('a bot is let work, answers, and hands over with what was said and why', async ({ page, browser }) => {
  const ada = await (await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } })).newPage();
  await signIn(ada, 'ada');
  await ada.goto(url('/#/admin/plugins'));
  const faq = ada.getByRole('region', { name: 'faq', exact: true });
  await expect(faq).toContainText('Waiting for a grant');
  await faq.getByRole('button', { name: 'Grant…' }).click();
  const grant = ada.getByRole('dialog', { name: 'Let faq work?' });
  await expect(grant.getByRole('listitem').filter({ hasText: 'bot' })).toBeVisible();
  await grant.getByRole('button', { name: 'Grant' }).click();
  await expect(ada.getByText('The plugin is granted.')).toBeVisible();
  await expect(faq).toContainText('Running');

  await away('bruno', 'chloe');
  await agent(page, 'alice');
  const customer = new Customer('33612345761', 'Robot Rita');
  await customer.writes({ text: 'Quels sont vos horaires ?' });
  await expect.poll(() => customer.sees()).toContain('du lundi au vendredi');
  await expect(page.getByRole('article', { name: /New offer.*Robot Rita/ })).toBeHidden();
  await customer.writes({ text: 'Je voudrais parler au patron' });
  await accept(page, customer.name);
  const log = page.getByRole('log');
  await expect(log).toContainText('Quels sont vos horaires ?');
  await expect(log).toContainText('du lundi au vendredi');
  await expect(log.getByRole('note')).toContainText('No answer known to "Je voudrais parler au patron"');
  await expect.poll(() => customer.sees()).not.toContain('No answer known');
  await option(page, 'Why did I get this?');
  await expect(page.getByRole('dialog', { name: 'Why did I get this?' })).not.toContainText('Loading');
  await page.keyboard.press('Escape');

  await faq.getByRole('button', { name: 'Take back' }).click();
  await expect(ada.getByText('The plugin is stopped.')).toBeVisible();
  await expect(faq).toContainText('Waiting for a grant');
  // Without it the skill takes the work at once.
  const second = new Customer('33612345762', 'Robot Rosa');
  await second.writes({ text: 'Quels sont vos horaires ?' });
  await accept(page, second.name);
  await expect(log).not.toContainText('du lundi au vendredi');
  await ada.context().close();
});

test('a plugin is set by a form of its own, and shows a section of the card', async ({ page, browser }) => {
  const customers = await crm();
  const ada = await (await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } })).newPage();
  await signIn(ada, 'ada');
  await ada.goto(url('/#/admin/plugins'));
  const card = ada.getByRole('region', { name: 'crm-card', exact: true });
  await card.getByRole('button', { name: 'Settings' }).click();
  const form = ada.getByRole('dialog', { name: 'Settings of crm-card' });
  await form.getByLabel(/^Address that is asked/).fill(customers.url);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(ada.getByText('The settings are saved.')).toBeVisible();
  await card.getByRole('button', { name: 'Grant…' }).click();
  await ada.getByRole('dialog').getByRole('button', { name: 'Grant' }).click();
  await expect(card).toContainText('Running');
  await card.getByRole('button', { name: 'Settings' }).click();
  await expect(form.getByLabel(/^Address that is asked/)).toHaveValue(customers.url);
  await ada.context().close();

  await away('bruno', 'chloe');
  await agent(page, 'alice');
  const customer = new Customer('33612345763', 'Carla Carte');
  await customer.writes({ text: 'Mon appareil est en panne' });
  await accept(page, customer.name);
  const shown = page.getByRole('complementary', { name: 'Customer card' });
  await expect(shown).toContainText('Gold 63');
  await expect(shown.getByRole('heading', { name: 'CRM' })).toBeVisible();
  customers.close();
});
