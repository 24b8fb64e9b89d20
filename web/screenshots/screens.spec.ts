// The pictures of the documentation: the main screens, light and dark, of one and the same morning. `cargo xtask screenshots`.
import { join, resolve } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { url } from '../e2e/people';
import { person, play, type Scene } from './scene';

const FOLDER = resolve(process.env['GUICHET_SCREENSHOTS'] ?? join(import.meta.dirname, '../../docs/screenshots'));
const SCHEMES = ['light', 'dark'] as const;

async function shoot(page: Page, name: string): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`), animations: 'disabled', caret: 'hide' });
  }
}

test('the main screens', async ({ browser }) => {
  test.setTimeout(240_000);
  const scene: Scene = await play(browser);
  const { alice, customers } = scene;

  const sam = await person(browser, 'sam', false);
  await sam.goto(url('/#/board'));
  await expect(sam.getByRole('heading', { name: 'Live board' })).toBeVisible();
  await sam.getByRole('button', { name: 'Watch everything' }).click();
  await customers[5]?.writes({ text: 'Can I still change my address?' });
  await expect(sam.getByRole('list', { name: 'Activity' })).toBeVisible();
  await shoot(sam, 'supervisor-board');

  await alice.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Camille Durand/ }).click();
  await expect(alice.getByRole('log')).toContainText('voyant rouge');
  await shoot(alice, 'agent');

  await sam.goto(url('/#/work'));
  await sam.getByRole('list', { name: 'All interactions' }).getByRole('link', { name: /Camille Durand/ }).click();
  await expect(sam.getByRole('log')).toContainText('voyant rouge');
  await sam.locator('.office').evaluate((list) => list.scrollTo(0, 0));
  await shoot(sam, 'supervisor-interactions');
  await sam.goto(url('/#/search'));
  const box = sam.getByRole('searchbox', { name: /^Search messages/ });
  await box.fill('livraison');
  await box.press('Enter');
  await sam.getByRole('list', { name: 'Search' }).getByRole('link').first().click();
  await expect(sam.getByRole('log')).toBeVisible();
  await shoot(sam, 'search');

  const ada = await person(browser, 'ada', false);
  await ada.goto(url('/#/admin/agents'));
  await expect(ada.getByRole('row', { name: /Alice Martin/ })).toBeVisible();
  await shoot(ada, 'administrator-agents');
  await ada.goto(url('/#/admin/scripts'));
  await ada.getByRole('navigation', { name: 'Files' }).getByRole('button', { name: /Routing/ }).click();
  await expect(ada.getByRole('textbox', { name: 'Source of scripts/routing.lua' })).toBeVisible();
  await shoot(ada, 'administrator-scripts');

  await ada.goto(url('/sim/'));
  await expect(ada.locator('#messages')).toBeVisible();
  await shoot(ada, 'simulator');

  // The same desk on a telephone.
  const phone = await person(browser, 'chloe', false, { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true });
  await phone.getByRole('list', { name: 'Interactions' }).getByRole('link', { name: /Léa Moreau/ }).click();
  await expect(phone.getByRole('log')).toContainText('249');
  await shoot(phone, 'phone');
  scene.end();
});
