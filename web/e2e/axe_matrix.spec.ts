// Every screen in light and dark, in each language, wide and narrow, as it is and with a menu, a dialog, the palette, a lost
// connection, nothing to show, or a fault. In pairs; GUICHET_AXE=all: each combination (`cargo xtask soak axe`).
import { expect, test, type Page, type WebSocketRoute } from '@playwright/test';
import { ar } from '../src/lib/i18n/ar';
import { en } from '../src/lib/i18n/en';
import { fr } from '../src/lib/i18n/fr';
import { clean } from './axe';
import { all, pairsOf, pairwise, type Case } from './pairs';
import { Customer, accept, agent, finish, signIn, url } from './people';

const WORDS = { en, fr, ar };
type Language = keyof typeof WORDS;
const STATES = ['plain', 'menu', 'dialog', 'palette', 'disconnected', 'empty', 'error'] as const;
type State = (typeof STATES)[number];

interface Screen {
  who: 'nobody' | 'bruno' | 'sam' | 'ada';
  /** Where it is; `{id}` is the conversation of the test. */
  at: string;
  /** What is asked of the server for it, which comes back empty or refused. */
  asks?: RegExp;
  /** It shows what the page holds, not what it asks for when it is opened: another state of it needs another page. */
  held?: true;
  /** It asks only once something was typed. */
  typed?: true;
  /** What opens a dialog of its own; without it the sheet of shortcuts is opened. */
  dialog?: string;
  /** What opens a menu of its own; without it the account's is opened. */
  menu?: string;
}

const OFFICE = '.office-head .acts .button.primary';
const section = (name: string, asks: RegExp, dialog?: string): Screen => ({ who: 'ada', at: `#/admin/${name}`, asks, ...(dialog ? { dialog } : {}) });
const SCREENS: Record<string, Screen> = {
  login: { who: 'nobody', at: '' },
  inbox: { who: 'bruno', at: '#/', held: true },
  conversation: { who: 'bruno', at: '#/i/{id}', asks: /^interaction\.history$/u, held: true, menu: '.conversation header .menu > button, .conversation .head .menu > button' },
  board: { who: 'sam', at: '#/board', asks: /^board\.get$/u, menu: 'tbody .menu > button' },
  report: { who: 'sam', at: '#/report', asks: /^report\.daily$/u },
  work: { who: 'sam', at: '#/work', asks: /^interaction\.list$/u },
  opened: { who: 'sam', at: '#/work/{id}', asks: /^interaction\.history$/u, held: true, dialog: '[role=toolbar] .button' },
  search: { who: 'sam', at: '#/search', asks: /^search\.run$/u, typed: true },
  start: section('start', /^admin\./u),
  connect: section('connect', /^admin\./u),
  agents: section('agents', /^admin\.agents\.list$/u, OFFICE),
  roles: section('roles', /^admin\.roles\.list$/u, OFFICE),
  teams: section('teams', /^admin\.teams\.list$/u, OFFICE),
  skills: section('skills', /^admin\.skills\.list$/u, OFFICE),
  channels: section('channels', /^admin\.channels\.list$/u),
  scripts: section('scripts', /^admin\.scripts\.get$/u),
  plugins: section('plugins', /^admin\.plugins\.list$/u),
  contacts: { ...section('contacts', /^directory\.search$/u), typed: true },
  tokens: section('tokens', /^admin\.tokens\.list$/u, OFFICE),
  audit: section('audit', /^admin\.audit\.list$/u),
  retention: section('retention', /^admin\.retention\.get$/u),
};
const LOGIN_STATES: readonly string[] = ['plain', 'disconnected', 'empty', 'error'];
const allowed = ([screen, , , , state]: Case): boolean => screen !== 'login' || LOGIN_STATES.includes(state ?? '');
const EVERY = all([Object.keys(SCREENS), ['light', 'dark'], ['en', 'fr', 'ar'], ['1280', '320'], STATES], allowed);
const EVERY_ONE = process.env['GUICHET_AXE'] === 'all';
const CASES = EVERY_ONE ? EVERY : pairwise(EVERY);
/** What lies over a page. In pairs it is looked at without the page, which is looked at as it is. */
const OVER: Partial<Record<State, string>> = { menu: '.menu .panel', dialog: 'dialog[open]', palette: 'dialog[open]' };

/** What the server's answers become on their way, and whether they come. */
class Line {
  state: State = 'plain';
  asks: RegExp | undefined;
  private readonly asked = new Map<unknown, string>();
  /** What the page holds is not what the server has. */
  spoilt = false;
  private open: WebSocketRoute | undefined;

  async lay(page: Page): Promise<void> {
    await page.routeWebSocket('**/ws', (line) => {
      if (this.state === 'disconnected') return void line.close({ code: 1012 });
      this.open = line;
      const server = line.connectToServer();
      line.onMessage((text) => {
        const { id, method } = JSON.parse(text.toString()) as { id?: unknown; method?: string };
        this.asked.set(id, method ?? '');
        server.send(text);
      });
      server.onMessage((text) => {
        const frame = JSON.parse(text.toString()) as { id?: unknown; result?: Record<string, unknown>; error?: object };
        const method = this.asked.get(frame.id) ?? '';
        if (this.state === 'error' && this.asks?.test(method)) {
          line.send(JSON.stringify({ jsonrpc: '2.0', id: frame.id, error: { code: -32000, message: 'no', data: { kind: 'unavailable' } } }));
        } else if (this.state === 'empty' && frame.result && (this.asks?.test(method) || method === 'session.start')) {
          line.send(JSON.stringify({ ...frame, result: emptied(frame.result) }));
        } else line.send(text);
      });
    });
  }

  async cut(): Promise<void> {
    await this.open?.close({ code: 1012 });
  }
}

/** A list of anything has nothing in it. Only the interactions of a session: without its skills and channels it is another server. */
function emptied(result: Record<string, unknown>): Record<string, unknown> {
  const snapshot = result['snapshot'] as Record<string, unknown> | undefined;
  if (snapshot) return { ...result, snapshot: { ...snapshot, interactions: [] } };
  return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, Array.isArray(value) ? [] : value]));
}

async function loaded(page: Page): Promise<void> {
  await expect(page.locator('header nav')).toBeVisible();
  await expect(page.locator('h1, [role=heading][aria-level="1"]').filter({ visible: true }).first()).toBeVisible();
  await expect(page.getByText(/^(Loading|Chargement|جارٍ التحميل)/u)).toHaveCount(0);
}

/** The login page has no line yet: it is left empty, or the server is away, or says no. */
async function login(page: Page, state: State, words: typeof en): Promise<void> {
  const answers: Partial<Record<State, () => Promise<unknown>>> = {
    disconnected: () => page.route('**/login', (route) => route.abort()),
    error: () => page.route('**/login', (route) => route.fulfill({ status: 401 })),
  };
  await answers[state]?.();
  if (state === 'plain') return;
  if (state !== 'empty') {
    await page.getByLabel(words.login_name).fill('bruno');
    await page.getByLabel(words.login_password, { exact: true }).fill('nothing');
  }
  await page.getByRole('button', { name: words.login_submit, exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: /./u }).first()).toBeVisible();
  await page.unroute('**/login');
}

async function enter(page: Page, screen: Screen, state: State, words: typeof en, line: Line): Promise<void> {
  switch (state) {
    case 'menu':
      await page.locator(screen.menu ?? 'header .menu > button').last().click();
      return expect(page.locator('.menu .panel')).toBeVisible();
    case 'dialog':
      if (screen.dialog) await page.locator(screen.dialog).last().click();
      else {
        await page.locator('#content').focus();
        await page.keyboard.press('?');
      }
      return expect(page.getByRole('dialog')).toBeVisible();
    case 'palette':
      await page.keyboard.press('Control+k');
      return expect(page.getByRole('dialog')).toBeVisible();
    case 'disconnected':
      await line.cut();
      // The banner has patience with short cuts; nobody need wait for it here.
      await page.evaluate(() => (window as unknown as { ahead: (ms: number) => void }).ahead(3_000));
      return expect(page.getByText(words.connection_lost)).toBeVisible();
    default:
  }
}

async function look(page: Page, one: Case, id: string, line: Line): Promise<void> {
  const [name = '', colours, language, width, state] = one as [string, 'light' | 'dark', Language, string, State];
  const screen = SCREENS[name];
  if (!screen) throw new Error(`no screen ${name}`);
  const words = WORDS[language] as typeof en;
  await page.emulateMedia({ colorScheme: colours });
  await page.setViewportSize({ width: Number(width), height: 800 });
  line.asks = screen.asks;
  line.state = state === 'empty' || state === 'error' ? state : 'plain';
  const target = screen.at.replace('{id}', id);
  const spoils = state === 'empty' || state === 'error';
  if ((spoils && screen.held) || line.spoilt || screen.who === 'nobody') {
    await page.goto('about:blank');
    await page.goto(url(`/${target}`));
  } else {
    // By way of the inbox, so that a page that was left open is made anew.
    await page.evaluate(async (hash) => {
      const frame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => done()));
      location.hash = '#/';
      await frame();
      await frame();
      location.hash = hash;
      await frame();
      await frame();
    }, target);
  }
  line.spoilt = spoils && screen.held === true;
  if (screen.who === 'nobody') await login(page, state, words);
  else {
    await loaded(page);
    if (screen.typed && spoils) {
      await page.getByRole('searchbox').first().fill('zzz');
      await page.keyboard.press('Enter');
      await loaded(page);
    }
    if (state === 'disconnected') line.state = state;
    await enter(page, screen, state, words, line);
  }
  await clean(page, one.join(', '), EVERY_ONE ? undefined : OVER[state]);
  if (state === 'disconnected' && screen.who !== 'nobody') {
    line.state = 'plain';
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expect(page.getByText(words.connection_lost)).toBeHidden();
  } else {
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  }
}

// The combinations of a file are not in one another's way: each test has its own page and each worker its own server.
test.describe.configure({ mode: 'parallel' });

test('each pair of a screen, colours, a language, a width and a state is among the combinations', () => {
  expect(EVERY.length).toBeGreaterThan(1700);
  expect(new Set(CASES.flatMap(pairsOf))).toEqual(new Set(EVERY.flatMap(pairsOf)));
});

test.afterEach(() => finish('bruno'));

for (const language of ['en', 'fr', 'ar'] as const) {
  for (const who of ['nobody', 'bruno', 'sam', 'ada'] as const) {
    const cases = CASES.filter(([screen = '', , spoken]) => SCREENS[screen]?.who === who && spoken === language);
    test(`${cases.length} combinations of ${who === 'nobody' ? 'the login page' : `the screens of ${who}`} in ${language}`, async ({ page, browser }) => {
      test.setTimeout(30_000 + cases.length * 10_000);
      const line = new Line();
      let id = '';
      if (who === 'bruno' || who === 'sam') {
        const held = await (await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } })).newPage();
        const customer = new Customer(`3361234${who.length}76${language.length + language.charCodeAt(0) % 7}`, `Marthe Axe ${who} ${language}`);
        await agent(held, 'bruno');
        await customer.writes({ text: 'Bonjour, je voudrais le prix' });
        await accept(held, customer.name);
        id = held.url().split('#/i/')[1] ?? '';
        await held.context().close();
      }
      await page.addInitScript((spoken) => localStorage.setItem('guichet.locale', spoken), 'en');
      await page.addInitScript(() => {
        const real = Date.now;
        let ahead = 0;
        Date.now = () => real() + ahead;
        Object.assign(window, { ahead: (ms: number) => void (ahead += ms) });
      });
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await line.lay(page);
      if (who !== 'nobody') await signIn(page, who);
      await page.addInitScript((spoken) => localStorage.setItem('guichet.locale', spoken), language);
      if (who !== 'nobody') await page.reload();
      for (const one of cases) await look(page, one, id, line);
    });
  }
}
