// What every screen owes everybody: no violation of WCAG 2.2 AA and of best practice, nothing wider than the window, the focus somewhere.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** `part`: only what is in it. */
export async function clean(page: Page, screen: string, part?: string): Promise<void> {
  // The console has no frame of another origin, so the way that needs no second page will do: it takes half the time.
  const options = { resultTypes: ['violations' as const], runOnly: TAGS, preload: false };
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options(options);
  const { violations } = await (part ? axe.include(part) : axe).analyze();
  // What lies half under an open menu is pressed when the menu is gone.
  const covered = (await page.locator('.menu .panel').count()) > 0;
  const told = violations
    .filter((one) => !(covered && one.id === 'target-size'))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
  expect.soft(told, screen).toEqual([]);
  const { wide, lost } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth > window.innerWidth, lost: document.activeElement === null,
  }));
  expect.soft(wide, `${screen} is wider than its window`).toBe(false);
  expect.soft(lost, `${screen} has lost the focus`).toBe(false);
}
