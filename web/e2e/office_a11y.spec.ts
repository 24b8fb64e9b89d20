// No violation of WCAG 2.2 AA and best practice on the supervisor's and administrator's screens: light and dark, French and
// English, wide and narrow, in pairs.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Customer, signIn, url } from './people';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function clean(page: Page, screen: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const told = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
  expect.soft(told, screen).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  expect.soft(wide, `${screen} is wider than its window`).toBe(false);
}

async function ready(page: Page): Promise<void> {
  await expect(page.locator('h1').first()).toBeVisible();
  await expect(page.getByText(/^(Loading|Chargement)/u)).toHaveCount(0);
}

let serial = 50;
for (const { colorScheme, language, width } of [
  { colorScheme: 'light', language: 'en', width: 1280 },
  { colorScheme: 'dark', language: 'fr', width: 320 },
] as const) {
  test.describe(`${colorScheme}, ${language}, ${width} px`, () => {
    test.use({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });

    async function enter(page: Page, login: string): Promise<void> {
      await signIn(page, login);
      await page.evaluate((locale) => localStorage.setItem('guichet.locale', locale), language);
      await page.reload();
      await expect(page.getByRole('navigation').first()).toBeVisible();
    }

    test('the supervisor', async ({ page }) => {
      const customer = new Customer(`336123457${++serial}`, `Olympe de Gouges ${serial}`);
      await customer.writes({ text: 'Bonjour, mon appareil est en panne' });
      await enter(page, 'sam');
      for (const name of ['board', 'report', 'work', 'search']) {
        await page.goto(url(`/#/${name}`));
        await ready(page);
        await clean(page, name);
      }
      await page.goto(url('/#/work'));
      await page.getByRole('link', { name: new RegExp(customer.name) }).click();
      await expect(page.getByRole('log')).toContainText('en panne');
      await clean(page, 'an opened interaction');
      await page.getByRole('toolbar').getByRole('button').first().click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await clean(page, 'decisions');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog')).toBeVisible();
      await clean(page, 'palette');
    });

    test('the administrator', async ({ page }) => {
      await enter(page, 'ada');
      for (const section of ['start', 'connect', 'agents', 'roles', 'teams', 'skills', 'channels', 'scripts', 'plugins', 'contacts', 'tokens', 'audit', 'retention']) {
        await page.goto(url(`/#/admin/${section}`));
        await ready(page);
        if (section === 'scripts') await expect(page.getByRole('textbox')).toBeVisible();
        await clean(page, section);
      }
      await page.goto(url('/#/admin/agents'));
      await ready(page);
      await page.getByRole('button', { name: /^(Edit|Modifier) Alice/u }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await clean(page, 'agent form');
    });
  });
}
