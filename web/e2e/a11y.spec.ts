// No violation of WCAG 2.2 AA and best practice on the main screens, light and dark, wide and narrow.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { Customer, accept, advance, agent, finish, url } from './people';

test.afterEach(() => finish('bruno'));

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function clean(page: Page, screen: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const told = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
  expect(told, screen).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  expect(wide, `${screen} is wider than its window`).toBe(false);
}

let serial = 10;
for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 320]) {
    test.describe(`${colorScheme}, ${width} px`, () => {
      test.use({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });

      test('the main screens', async ({ page }) => {
        const customer = new Customer(`336123456${++serial}`, `Louise Michel ${serial}`);
        await page.goto(url('/'));
        await expect(page.getByLabel('Login')).toBeVisible();
        await clean(page, 'login');
        await agent(page, 'bruno');
        await clean(page, 'inbox');
        await customer.writes({ text: 'Bonjour, je voudrais le prix' });
        await expect(page.getByRole('article', { name: /New offer/ }).first()).toBeVisible();
        await clean(page, 'offer');
        await accept(page, customer.name);
        await page.getByRole('textbox', { name: /^Reply to/ }).fill('Bonjour');
        await page.keyboard.press('Enter');
        await expect(page.getByRole('log').getByRole('img', { name: /Sent|Delivered|Read/ })).toBeVisible();
        await clean(page, 'conversation');
        await page.getByRole('button', { name: 'Options' }).click();
        await clean(page, 'options');
        await page.getByRole('button', { name: 'Outcome…' }).first().click();
        await expect(page.getByRole('dialog', { name: 'Outcome' })).toBeVisible();
        await clean(page, 'outcome');
        await page.keyboard.press('Escape');
        await advance('25h');
        await page.getByRole('button', { name: 'Choose a template' }).click();
        await page.getByRole('dialog').getByRole('button', { name: /welcome_back/ }).first().click();
        await page.getByRole('dialog').getByRole('button', { name: 'Send template' }).click();
        await clean(page, 'template form');
      });
    });
  }
}
