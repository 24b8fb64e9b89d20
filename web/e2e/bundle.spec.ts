// What a browser has to load before an agent can work stays small.
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { url } from './people';

const ENTRY_MAX = 60_000;

test('the first bundle is at most 60 kB of JavaScript, compressed', async () => {
  const page = await (await fetch(url('/'), { headers: { accept: 'text/html' } })).text();
  const wanted = [...page.matchAll(/assets\/[^"]+\.js/gu)].map((found) => found[0]);
  const seen = new Map<string, number>();
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (seen.has(path)) continue;
    const code = await (await fetch(url(`/${path}`))).text();
    seen.set(path, gzipSync(code).length);
    // What is imported in so many words comes with it; what is imported by a call waits until it is needed.
    for (const found of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/gu)) wanted.push(`assets/${found[1]}`);
  }
  expect(seen.size).toBeGreaterThan(1);
  const total = [...seen.values()].reduce((sum, size) => sum + size, 0);
  expect(total, JSON.stringify([...seen])).toBeLessThan(ENTRY_MAX);
});
