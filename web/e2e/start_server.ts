// Starts the built server with demo data in a folder of its own, for all tests. GUICHET_URL set: that server is used.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const START_MS = 30_000;
/** No customer timer: a contact who is silent for a day stays in the inbox, where the tests look. */
const TIMERS = 'return timers { version = 1, agent = { total = "10m", on_zero = "alert" }, customer = false }\n';

export default async function start(): Promise<() => Promise<void>> {
  if (process.env['GUICHET_URL']) return () => Promise.resolve();
  const binary = resolve(process.env['GUICHET_BIN'] ?? join(ROOT, 'target/debug/guichet'));
  if (!existsSync(binary)) throw new Error(`${binary} does not exist: build it with \`cargo build\`, or set GUICHET_BIN`);
  const folder = mkdtempSync(join(tmpdir(), 'guichet-e2e-'));
  cpSync(join(ROOT, 'scripts'), join(folder, 'scripts'), { recursive: true });
  // The folder's tests are about the scripts as they are delivered.
  rmSync(join(folder, 'scripts/tests'), { recursive: true, force: true });
  writeFileSync(join(folder, 'scripts/timers.lua'), TIMERS);
  const server = spawn(binary, ['serve', '--demo', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.env['GUICHET_URL'] = await addressOf(server);
  process.env['GUICHET_SCRIPTS_FOLDER'] = join(folder, 'scripts');
  return async () => {
    const gone = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
}

function addressOf(server: ChildProcess): Promise<string> {
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
