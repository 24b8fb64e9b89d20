// No violation of WCAG 2.2 AA and best practice on any screen of the agent: light and dark, wide and narrow, in each language.
import { expect, test, type Page } from '@playwright/test';
import { ar } from '../src/lib/i18n/ar';
import { en } from '../src/lib/i18n/en';
import { fr } from '../src/lib/i18n/fr';
import { clean } from './axe';
import { Customer, accept, advance, agent, finish, url } from './people';

test.afterEach(() => finish('bruno'));

const WORDS = { en, fr, ar } as const;
type Words = { readonly [K in keyof typeof en]: string };

/** Opens an entry of the options menu and looks at the dialog that comes. */
async function dialog(page: Page, words: Words, entry: keyof Words, title: keyof Words): Promise<void> {
  await page.getByRole('button', { name: words.actions, exact: true }).click();
  await page.getByRole('button', { name: words[entry] }).last().click();
  await expect(page.getByRole('dialog', { name: words[title] })).toBeVisible();
  await expect(page.getByRole('dialog').getByText(words.loading, { exact: true })).toBeHidden();
  await clean(page, entry);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
}

/** Each width, each colours, each direction of writing; French is seen on the supervisor's and administrator's screens. */
const CASES = [
  ['light', 1280, 'en'], ['dark', 320, 'ar'],
] as const;
let serial = 10;

for (const [colorScheme, width, locale] of CASES) {
  test.describe(`${colorScheme}, ${width} px, ${locale}`, () => {
    test.setTimeout(180_000);
    test.use({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });

    test('every screen of an agent', async ({ page }) => {
      const words: Words = WORDS[locale];
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
      await page.getByRole('button', { name: /^Account/ }).click();
      await clean(page, 'account');
      await page.locator('header select').first().selectOption(locale);
      await page.keyboard.press('Escape');
      await expect(page.locator('html')).toHaveAttribute('lang', locale);

      await clean(page, 'conversation');
      await page.getByRole('button', { name: words.composer_mode_note, exact: true }).click();
      await page.locator('#composer').fill('…');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('note')).toBeVisible();
      await clean(page, 'note');
      await page.getByRole('button', { name: words.composer_mode_reply, exact: true }).click();
      await page.getByRole('button', { name: words.composer_quick }).click();
      await expect(page.getByRole('option').first()).toBeVisible();
      await clean(page, 'quick replies');
      await page.getByRole('option').filter({ hasText: words.quick_has_form }).first().click();
      await clean(page, 'quick reply form');
      await page.keyboard.press('Escape');
      await page.getByRole('combobox', { name: words.quick_search }).press('Escape');
      await page.getByRole('button', { name: words.emoji, exact: true }).click();
      await expect(page.getByRole('searchbox', { name: words.emoji_search })).toBeVisible();
      await clean(page, 'emoji');
      await page.keyboard.press('Escape');

      await page.getByRole('button', { name: words.actions, exact: true }).click();
      await clean(page, 'options');
      await page.keyboard.press('Escape');
      await dialog(page, words, 'action_transfer', 'transfer_title');
      await dialog(page, words, 'action_consult', 'consult_title');
      await dialog(page, words, 'action_outcome', 'outcome_title');
      await dialog(page, words, 'action_snooze', 'snooze_title');
      await dialog(page, words, 'action_translate', 'translate_title');
      await dialog(page, words, 'action_transcript', 'transcript_title');
      await dialog(page, words, 'action_why', 'why_title');
      await dialog(page, words, 'action_detach', 'detach_title');
      const card = page.getByRole('complementary', { name: words.card_title });
      if (width < 1000) await page.getByRole('button', { name: words.card_title, exact: true }).click();
      await expect(card.getByText(customer.name)).toBeVisible();
      await clean(page, 'card');
      await card.getByRole('button', { name: words.card_edit }).click();
      await clean(page, 'card form');
      await page.keyboard.press('Escape');
      await card.getByRole('button', { name: words.card_close }).click();

      await page.keyboard.press('Alt+b');
      await page.getByRole('dialog').getByRole('combobox').fill('louise');
      await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
      await clean(page, 'outbound');
      await page.getByRole('dialog').getByRole('button', { name: words.close, exact: true }).click();
      await page.locator('#content').focus();
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog', { name: words.command_shortcuts })).toBeVisible();
      await clean(page, 'shortcuts');
      await page.keyboard.press('Escape');

      await advance('25h');
      await page.getByRole('button', { name: words.window_choose }).click();
      await page.getByRole('dialog').getByRole('button', { name: /welcome_back/ }).first().click();
      await page.getByRole('dialog').getByRole('button', { name: words.template_send }).click();
      await clean(page, 'template form');
      await page.keyboard.press('Escape');
      await page.goto(url('/#/i/nothing'));
      await expect(page.getByText(words.conversation_gone, { exact: true })).toBeVisible();
      await clean(page, 'gone');
    });
  });
}

test('a lost connection and a page that cannot be loaded are told without fault', async ({ page }) => {
  let cut = false;
  await page.routeWebSocket('**/ws', (line) => {
    if (cut) return void line.close({ code: 1012 });
    const server = line.connectToServer();
    server.onMessage((text) => { if (cut) void line.close({ code: 1012 }); else line.send(text); });
  });
  await agent(page, 'bruno');
  cut = true;
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  const customer = new Customer('33612345699', 'Louise Absente');
  await customer.writes({ text: 'Bonjour' });
  await expect(page.getByText(/Connection lost/)).toBeVisible();
  await clean(page, 'disconnected');
});
