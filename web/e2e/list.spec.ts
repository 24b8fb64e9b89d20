// The list under a flood: rows stay where one aims, ten thousand of them cost as much as twenty, a frame draws once.
import { expect, test, type Page, type WebSocketRoute } from '@playwright/test';
import type { Interaction } from '../src/lib/protocol';
import { interaction as sample } from '../src/lib/samples';
import { signIn } from './people';

interface Flood {
  send(index: number): void;
  sent(): number;
}

/** Signs in to a desk that holds `count` interactions, and says how to change them as the server would. */
async function flooded(page: Page, count: number): Promise<Flood> {
  let line: WebSocketRoute | undefined;
  let rows: Interaction[] = [];
  let sent = 0;
  const begun = Date.now();
  await page.routeWebSocket('**/ws', (socket) => {
    line = socket;
    const server = socket.connectToServer();
    server.onMessage((text) => {
      const frame = JSON.parse(text.toString()) as { result?: { agent?: { agent_id: string }; snapshot?: { interactions: Interaction[] } } };
      const me = frame.result?.agent?.agent_id;
      if (!frame.result?.snapshot || me === undefined) return socket.send(text);
      rows = Array.from({ length: count }, (_, n) => sample(`row-${n}`, {
        agent_id: me, contact: { contact_id: `c${n}`, name: `Person ${n}`, address: '', blocked: false, vip: false },
        last_line: 'before', last_message_at: new Date(begun - n * 60_000).toISOString(),
      }));
      frame.result.snapshot.interactions = rows;
      socket.send(JSON.stringify(frame));
    });
  });
  await signIn(page, 'alice');
  return {
    sent: () => sent,
    send(index) {
      const time = new Date(begun + ++sent).toISOString();
      const row = { ...(rows[index] as Interaction), revision: sent + 1, last_line: `after ${sent}`, last_message_at: time };
      rows[index] = row;
      const params = { type: 'timer.changed', time, interaction_id: row.interaction_id, timer: 'agent', change: 'started', interaction: row };
      line?.send(JSON.stringify({ jsonrpc: '2.0', method: 'event', params }));
    },
  };
}

test('the row that is aimed at is the row that is hit, at fifty changes a second', async ({ page }) => {
  const flood = await flooded(page, 60);
  const list = page.getByRole('list', { name: 'Interactions' });
  await expect(list.getByRole('link').first()).toBeVisible();
  let next = 0;
  const stream = setInterval(() => flood.send((next += 7) % 60), 20);
  let hits = 0;
  try {
    for (let aim = 0; aim < 12; aim += 1) {
      await page.mouse.move(1000, 60);
      // The third row, wherever it is at this moment: rows move, their places do not.
      const [x, y] = await page.evaluate(() => {
        const row = document.querySelectorAll('ul.rows > li')[2]?.getBoundingClientRect();
        return [(row?.x ?? 0) + 100, (row?.y ?? 0) + 20] as const;
      });
      await page.mouse.move(x, y);
      const aimed = await page.evaluate(([left, at]) => document.elementFromPoint(left, at)?.closest('a')?.dataset['id'], [x, y] as const);
      // As long as a person needs to press: fifteen changes.
      const from = flood.sent();
      await expect.poll(() => flood.sent() - from, { intervals: [20] }).toBeGreaterThan(15);
      await page.mouse.down();
      await page.mouse.up();
      await expect(page).toHaveURL(/#\/i\/row-/);
      if (page.url().endsWith(`/${aimed}`)) hits += 1;
    }
  } finally {
    clearInterval(stream);
  }
  expect(hits).toBe(12);
});

test('ten thousand rows are walked by keyboard, and few of them are drawn', async ({ page }) => {
  // Multiplied in the page: so many rows at once would measure the test's own line.
  await page.addInitScript((row) => {
    const parse = JSON.parse;
    JSON.parse = (text: string, ...more: []) => {
      const frame = parse(text, ...more);
      const held = frame?.result?.snapshot?.interactions;
      for (let n = 0; held && n < 10_000; n += 1) {
        const moment = new Date(Date.now() - n * 60_000).toISOString();
        held.push({ ...row, interaction_id: `row-${n}`, agent_id: frame.result.agent.agent_id, last_message_at: moment, contact: { ...row.contact, name: `Person ${n}` } });
      }
      return frame;
    };
  }, sample('row'));
  await signIn(page, 'alice');
  const list = page.getByRole('list', { name: 'Interactions' });
  const links = list.getByRole('link');
  await expect(links.first()).toContainText('Person 0');
  expect(await links.count()).toBeLessThan(60);
  await links.first().focus();
  await page.keyboard.press('End');
  await expect(list.getByRole('link', { name: /Person 9999 / })).toBeFocused();
  expect(await links.count()).toBeLessThan(60);
  await page.keyboard.press('ArrowUp');
  await expect(list.getByRole('link', { name: /Person 9998 / })).toBeFocused();
  await page.keyboard.press('Home');
  await expect(list.getByRole('link', { name: /Person 0 / })).toBeFocused();
  await page.keyboard.press('j');
  await expect(list.getByRole('link', { name: /Person 1 / })).toBeFocused();
});

test('a burst of events is drawn once a frame', async ({ page }) => {
  const flood = await flooded(page, 30);
  const list = page.getByRole('list', { name: 'Interactions' });
  await expect(list.getByRole('link').first()).toBeVisible();
  await page.evaluate(() => {
    const seen = { frames: 0, changes: 0 };
    Object.assign(window, { seen });
    const frame = (): void => {
      seen.frames += 1;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const rows = document.querySelector('ul.rows');
    if (rows) new MutationObserver(() => (seen.changes += 1)).observe(rows, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  for (let n = 0; n < 600; n += 1) flood.send(n % 30);
  await expect(list).toContainText('after 600');
  const seen = await page.evaluate(() => (window as unknown as { seen: { frames: number; changes: number } }).seen);
  // The rows first, then their order: two changes of the document a frame, however many events it brings.
  expect(seen.changes).toBeLessThanOrEqual(2 * seen.frames);
  expect(seen.changes).toBeGreaterThan(0);
});
