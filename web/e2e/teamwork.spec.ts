// Three agents, a supervisor and customers at once, each in a browser of their own, on one server: who sees what, and when.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { Customer, accept, advance, agent, finish, option, signIn, url } from './people';

test.afterEach(async () => {
  for (const login of ['alice', 'bruno', 'chloe', 'sam']) await finish(login);
});

async function person(browser: Browser, login: string): Promise<Page> {
  const page = await (await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } })).newPage();
  if (login === 'sam') await signIn(page, login);
  else await agent(page, login);
  return page;
}

test('three agents, a supervisor and a customer share one conversation, and nobody sees what is not theirs', async ({ browser }) => {
  const [alice, bruno, chloe, sam] = [await person(browser, 'alice'), await person(browser, 'bruno'), await person(browser, 'chloe'), await person(browser, 'sam')];
  const customer = new Customer('33612345771', 'Minute Partagee');
  const row = (page: Page): ReturnType<Page['getByRole']> => page.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Minute Partagee/ });
  await sam.goto(url('/#/board'));
  await sam.getByRole('button', { name: 'Watch everything' }).click();

  // The highest level is asked first, and nobody else.
  await customer.writes({ text: 'Mon appareil est en panne' });
  await expect(alice.getByRole('article', { name: /New offer.*Minute Partagee/ })).toBeVisible();
  for (const other of [bruno, chloe]) await expect(other.getByRole('article', { name: /New offer/ })).toHaveCount(0);
  const activity = sam.getByRole('list', { name: 'Activity' });
  await expect(activity).toContainText('Minute Partagee');
  await accept(alice, customer.name);
  await expect(activity).toContainText('is with Alice Martin');
  await expect(row(bruno)).toHaveCount(0);

  // While all look on, the time runs: the board says so.
  await advance('6m');
  await expect(sam.getByRole('list', { name: 'Timers at risk' }).getByRole('link', { name: /Minute Partagee.*Alice Martin/ })).toBeVisible();
  await sam.getByRole('list', { name: 'Timers at risk' }).getByRole('link', { name: /Minute Partagee/ }).click();
  await expect(sam.getByRole('log')).toContainText('en panne');

  // Chloé is asked for advice, the supervisor coaches, the customer writes, and Alice answers: each sees the others at once.
  await option(alice, 'Consult…');
  await alice.getByRole('dialog').getByRole('option', { name: /Chlo/ }).click();
  await alice.getByRole('dialog').getByRole('button', { name: /^Consult Chlo/ }).click();
  await chloe.getByRole('list', { name: 'You are consulted' }).getByRole('link', { name: /Minute Partagee/ }).click();
  await chloe.getByRole('textbox', { name: 'Internal note' }).fill('Ask for the serial number');
  await chloe.keyboard.press('Enter');
  await sam.getByRole('button', { name: 'Note to Alice Martin' }).click();
  await sam.getByRole('textbox', { name: 'Note to Alice Martin' }).fill('It is under guarantee');
  await sam.getByRole('button', { name: 'Add the note' }).click();
  await customer.writes({ text: 'Le numero est 4711' });
  await alice.getByRole('textbox', { name: 'Reply to Minute Partagee' }).fill('Merci, je regarde');
  await alice.keyboard.press('Enter');
  for (const page of [alice, chloe, sam]) {
    const log = page.getByRole('log');
    for (const text of ['Ask for the serial number', 'It is under guarantee', 'Le numero est 4711', 'Merci, je regarde']) await expect(log).toContainText(text);
  }
  await expect(row(bruno)).toHaveCount(0);

  // To Bruno, who takes it: Alice loses it, Chloé's advice ends, the supervisor sees whose it is.
  await option(alice, 'Transfer…');
  await alice.getByRole('combobox', { name: 'Search by name' }).fill('bruno');
  await alice.getByRole('dialog').getByRole('option', { name: /Bruno/ }).click();
  await alice.getByRole('dialog').getByRole('button', { name: /^Transfer to Bruno/ }).click();
  await accept(bruno, customer.name);
  await expect(bruno.getByRole('log')).toContainText('It is under guarantee');
  await expect(alice.getByText('This interaction is no longer in your inbox')).toBeVisible();
  await expect(chloe.getByRole('list', { name: 'You are consulted' })).toHaveCount(0);
  await expect(sam.getByRole('toolbar', { name: 'As supervisor' })).toContainText('Bruno Petit');

  // The supervisor takes it over and ends it; of five people one had it at any time, and the customer saw no note.
  await sam.getByRole('button', { name: 'Take over' }).click();
  await sam.getByRole('dialog').getByRole('button', { name: 'Take over' }).click();
  await sam.getByRole('textbox', { name: 'Reply to Minute Partagee' }).fill('Vous recevrez un appareil neuf');
  await sam.keyboard.press('Enter');
  await expect(bruno.getByText('This interaction is no longer in your inbox')).toBeVisible();
  await expect.poll(() => customer.sees()).toContain('appareil neuf');
  const seen = await customer.sees();
  for (const secret of ['serial number', 'guarantee']) expect(seen).not.toContain(secret);
  for (const page of [alice, bruno, chloe, sam]) await page.context().close();
});
