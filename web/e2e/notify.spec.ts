// Notifications of the computer: off until turned on, only for whoever looks elsewhere, and a click leads to the conversation.
import { expect, test, type Page } from '@playwright/test';
import { Customer, accept, agent, finish } from './people';

test.afterEach(() => finish('alice'));

interface Shown { title: string; body: string; tag: string; closed: boolean }

/** Stands in for the computer's own notifications, which no test can see or click. */
async function computer(page: Page, answer: 'granted' | 'denied'): Promise<void> {
  await page.addInitScript((permission) => {
    const shown: object[] = [];
    class Stand {
      static permission = localStorage.getItem('test.permission') ?? 'default';
      static asked = 0;
      static shown = shown;
      static async requestPermission(): Promise<string> {
        Stand.asked += 1;
        localStorage.setItem('test.permission', permission);
        return (Stand.permission = permission);
      }
      body = '';
      tag = '';
      closed = false;
      onclick: (() => void) | null = null;
      constructor(readonly title: string, options: object) {
        Object.assign(this, options);
        shown.push(this);
      }
      close(): void {
        this.closed = true;
      }
    }
    Object.assign(window, { Notification: Stand });
  }, answer);
}

async function shown(page: Page): Promise<Shown[]> {
  return page.evaluate(() => (Notification as unknown as { shown: Shown[] }).shown.map(({ title, body, tag, closed }) => ({ title, body, tag, closed })));
}

/** The agent looks at another window, or comes back. */
async function looks(page: Page, where: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, where);
}

async function setting(page: Page): Promise<ReturnType<Page['getByLabel']>> {
  await page.getByRole('button', { name: /^Account/ }).click();
  return page.getByLabel('Desktop notifications');
}

test('an offer and a message call whoever looks elsewhere, and a click leads there', async ({ page }) => {
  await computer(page, 'granted');
  await agent(page, 'alice');
  const first = new Customer('33612345751', 'Nadia Avant');
  await looks(page, 'hidden');
  await first.writes({ text: 'Bonjour' });
  await expect(page).toHaveTitle(/^\(1\)/);
  expect(await shown(page), 'they are off until they are turned on').toEqual([]);
  await looks(page, 'visible');
  await accept(page, first.name);

  const box = await setting(page);
  await expect(box).not.toBeChecked();
  expect(await page.evaluate(() => (Notification as unknown as { asked: number }).asked), 'nothing is asked by itself').toBe(0);
  await box.click();
  await expect(box).toBeChecked();
  await page.keyboard.press('Escape');

  const customer = new Customer('33612345752', 'Nora Dehors');
  await customer.writes({ text: 'Bonjour, *seen* by me' });
  await accept(page, customer.name);
  expect(await shown(page), 'a page that is seen says it itself').toEqual([]);

  await looks(page, 'hidden');
  await first.writes({ text: 'Vous etes la ?' });
  await expect.poll(() => shown(page)).toMatchObject([{ title: 'Nadia Avant wrote', body: 'Vous etes la ?', closed: false }]);
  const third = new Customer('33612345753', 'Nelly Offre');
  await third.writes({ text: 'Mon appareil est en *panne*' });
  await expect.poll(() => shown(page)).toMatchObject([{}, { title: expect.stringMatching(/New offer.*Nelly Offre/), body: 'Mon appareil est en panne' }]);

  await page.evaluate(() => (Notification as unknown as { shown: { onclick: () => void }[] }).shown[0]?.onclick());
  await expect(page.getByRole('textbox', { name: 'Reply to Nadia Avant' })).toBeVisible();
  await looks(page, 'visible');
  await expect.poll(async () => (await shown(page)).every((one) => one.closed)).toBe(true);
  await accept(page, third.name);
  await page.reload();
  await expect(await setting(page)).toBeChecked();
});

test('where the browser forbids them, the menu says so', async ({ page }) => {
  await computer(page, 'denied');
  await agent(page, 'alice');
  const box = await setting(page);
  await box.click();
  await expect(box).not.toBeChecked();
  await expect(box).toBeDisabled();
  await expect(page.getByText('Your browser’s settings do not allow them for this site.')).toBeVisible();
});
