// Starts the built server with demo data, one for each worker, in folders of their own. GUICHET_URL set: that server is used.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FullConfig } from '@playwright/test';
import { freePort, mailbox, translator } from './stand_ins';

const ROOT = resolve(import.meta.dirname, '../..');
/** A bot, and a section of the customer's card: granted by the test that is about them. */
const PLUGINS = ['faq', 'crm-card'];
const START_MS = 30_000;
/** Only who is called so has a customer timer: another contact who is silent for a day stays in the inbox, where the tests look. */
const TIMERS = `return timers {
  version = 1,
  policy = function(i: Interaction): TimerPolicy
    if string.find(i.contact.name or "", "Minute", 1, true) then
      return { agent = { total = "10m" }, customer = { total = "1h", on_zero = "alert", extend = { by = "2h", max = 2 } } }
    end
    return { agent = { total = "10m", on_zero = "alert" }, customer = false }
  end,
}
`;

/** Somebody to write to who never wrote. */
const BOOKS = `return address_books {
  version = 1,
  { id = "suppliers", title = "Suppliers", entries = { { name = "Aqua Plomberie", phone = "+33 6 12 34 56 49", note = "On call until 20:00" } } },
}
`;

/** A robot that is asked first, by whoever is called so; while it is not granted, and after it, a person of the skill. */
const ROBOT = `		if string.find(i.contact.name or "", "Robot", 1, true) then
			return to.bot("faq"):otherwise("support")
		end
`;

/** Two numbers of the simulator's, so that there is somewhere to go on, and the web chat for pages of our own address. */
function configuration(port: number, translate: string, smtp: number): string {
  const channel = (id: string, phone: string): string => `[[channel]]
id = "${id}"
kind = "whatsapp"
phone_number_id = "${phone}"
business_account_id = "102290129340398"
graph_url = "http://127.0.0.1:${port}/sim/graph/v23.0"
access_token = "demo-token"
app_secret = "demo-secret"
verify_token = "demo-verify"
`;
  // A page of another origin may show the console in a frame: the one of the embedding test.
  return `frame_ancestors = ["http://127.0.0.1:*"]
[convert]
whatsapp = ["whatsapp"]
[translation]
kind = "libretranslate"
url = "${translate}"
notice = "each"
[smtp]
host = "127.0.0.1"
port = ${smtp}
tls = "none"
from = "Guichet <guichet@example.com>"
${channel('whatsapp-demo', '106540352242922')}${channel('whatsapp-second', '106540352242923')}[[channel]]
id = "chat-demo"
kind = "chat"
origins = ["http://127.0.0.1:${port}"]
`;
}

/** The server as it was built. */
export function serverBinary(): string {
  const binary = resolve(process.env['GUICHET_BIN'] ?? join(ROOT, 'target/debug/guichet'));
  if (!existsSync(binary)) throw new Error(`${binary} does not exist: build it with \`cargo build\`, or set GUICHET_BIN`);
  return binary;
}

interface Running {
  url: string;
  scripts: string;
  stop: () => Promise<void>;
}

export default async function start({ workers }: FullConfig): Promise<() => Promise<void>> {
  if (process.env['GUICHET_URL']) return () => Promise.resolve();
  const all: Running[] = [];
  for (let worker = 0; worker < workers; worker++) {
    const running = await one();
    process.env[`GUICHET_URL_${worker}`] = running.url;
    process.env[`GUICHET_SCRIPTS_FOLDER_${worker}`] = running.scripts;
    all.push(running);
  }
  return async () => void (await Promise.all(all.map((running) => running.stop())));
}

async function one(): Promise<Running> {
  const binary = serverBinary();
  const folder = mkdtempSync(join(tmpdir(), 'guichet-e2e-'));
  cpSync(join(ROOT, 'scripts'), join(folder, 'scripts'), { recursive: true });
  // The folder's tests are about the scripts as they are delivered.
  rmSync(join(folder, 'scripts/tests'), { recursive: true, force: true });
  writeFileSync(join(folder, 'scripts/timers.lua'), TIMERS);
  writeFileSync(join(folder, 'scripts/address_books.lua'), BOOKS);
  const routing = join(folder, 'scripts/routing.lua');
  writeFileSync(routing, readFileSync(routing, 'utf8').replace(/^\t\tlocal skill = /mu, `${ROBOT}$&`));
  for (const plugin of PLUGINS) cpSync(join(ROOT, 'plugins', plugin), join(folder, 'plugins', plugin), { recursive: true });
  const [port, words, post] = [await freePort(), await translator(), await mailbox()];
  writeFileSync(join(folder, 'guichet.toml'), configuration(port, words.url, post.port));
  const options = ['--demo', '--config', 'guichet.toml', '--listen', `127.0.0.1:${port}`, '--data', join(folder, 'data')];
  const server = spawn(binary, ['serve', ...options], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = async (): Promise<void> => {
    const gone = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    await gone;
    words.close();
    post.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: await addressOf(server), scripts: join(folder, 'scripts'), stop };
}

export function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = '';
    const late = setTimeout(() => failed(new Error(`the server did not say its address:\n${said}`)), START_MS);
    const hear = (part: Buffer): void => {
      said += part.toString();
      const address = /listening on (http:\/\/127\.0\.0\.1:\d+)/u.exec(said)?.[1];
      if (!address) return;
      clearTimeout(late);
      found(address);
    };
    server.stdout?.on('data', hear);
    server.stderr?.on('data', hear);
    server.once('exit', (code) => failed(new Error(`the server ended with ${code}:\n${said}`)));
  });
}
