// A morning at the desk, for the pictures: three agents, a supervisor, eight customers, some answered, some waiting.
import type { Browser, Page } from '@playwright/test';
import { Customer, accept, advance, agent, asAdministrator, signIn } from '../e2e/people';
import { crm } from '../e2e/stand_ins';

const CUSTOMERS: [string, string, string][] = [
  ['33612345811', 'Camille Durand', 'Bonjour, mon appareil est en panne depuis ce matin'],
  ['33612345812', 'Yanis Benali', 'Hello, the parcel never arrived, could you have a look?'],
  ['33612345813', 'Léa Moreau', 'Bonjour, je voudrais le prix du modèle bleu'],
  ['33612345814', 'Hugo Lambert', 'Bonjour, la livraison est en retard de trois jours'],
  ['33612345815', 'Inès Garcia', 'Je voudrais un devis pour dix pièces'],
  ['33612345816', 'Noah Schmidt', 'Can I still change my address?'],
];

export interface Scene { alice: Page; chloe: Page; customers: Customer[]; end: () => void }

export async function person(browser: Browser, login: string, available: boolean, more: object = {}): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...more });
  const page = await context.newPage();
  if (available) await agent(page, login);
  else await signIn(page, login);
  return page;
}

export async function reply(page: Page, name: string, text: string): Promise<void> {
  const box = page.getByRole('textbox', { name: `Reply to ${name}` });
  await box.fill(text);
  await box.press('Enter');
}

export async function play(browser: Browser): Promise<Scene> {
  const customers = CUSTOMERS.map(([wa_id, name]) => new Customer(wa_id, name));
  const text = (index: number): string => CUSTOMERS[index]?.[2] ?? '';
  const at = (index: number): Customer => customers[index] as Customer;
  const known = await crm();
  await asAdministrator('admin.plugins.configure', { plugin: 'crm-card', settings: { url: known.url } });
  const { plugins } = (await asAdministrator('admin.plugins.list', {})) as { plugins: { name: string; asks: string[] }[] };
  await asAdministrator('admin.plugins.grant', { plugin: 'crm-card', capabilities: plugins.find((one) => one.name === 'crm-card')?.asks ?? [] });
  const alice = await person(browser, 'alice', true);
  const chloe = await person(browser, 'chloe', true);

  await at(0).writes({ text: text(0) });
  await accept(alice, at(0).name);
  await reply(alice, at(0).name, 'Bonjour Camille, je suis désolée. Quel voyant est allumé ?');
  await at(0).writes({ text: 'Le voyant rouge, et il fait un petit bruit.' });
  await advance('2m');
  await at(1).writes({ text: text(1) });
  await accept(alice, at(1).name);
  await reply(alice, at(1).name, 'Good morning! I will check with the carrier at once.');
  await at(1).reads();
  await at(2).writes({ text: text(2) });
  await accept(chloe, at(2).name);
  await reply(chloe, at(2).name, 'Bonjour Léa, il est à 249 € en ce moment.');
  await advance('3m');
  await at(3).writes({ text: text(3) });
  await accept(alice, at(3).name);
  await at(4).writes({ text: text(4) });
  await accept(chloe, at(4).name);
  await advance('4m');
  await at(0).writes({ text: 'Vous pouvez passer cet après-midi ?' });
  return { alice, chloe, customers, end: known.close };
}
