// What a browser has to load stays small: before an agent can work, and for the largest of the administrator's pages.
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { url } from './people';

const ENTRY_MAX = 60_000;
const ADMIN_MAX = 170_000;

interface Part { size: number; needs: string[]; later: string[] }
const parts = new Map<string, Part>();

async function part(name: string): Promise<Part> {
  const known = parts.get(name);
  if (known) return known;
  const code = await (await fetch(url(`/assets/${name}`))).text();
  // What is imported in so many words comes with it; what is imported by a call waits until it is needed.
  const names = (found: Iterable<RegExpMatchArray>): string[] => [...found].map((one) => one[1] ?? '');
  const made = {
    size: gzipSync(code).length,
    needs: names(code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/gu)),
    later: names(code.matchAll(/import\(\s*[`"']\.\/([^"'`]+\.js)[`"']/gu)),
  };
  parts.set(name, made);
  return made;
}

async function whole(roots: readonly string[]): Promise<Set<string>> {
  const seen = new Set<string>();
  const wanted = [...roots];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    wanted.push(...(await part(name)).needs);
  }
  return seen;
}

async function entry(): Promise<Set<string>> {
  const page = await (await fetch(url('/'), { headers: { accept: 'text/html' } })).text();
  return whole([...page.matchAll(/assets\/([^"]+\.js)/gu)].map((found) => found[1] ?? ''));
}

const total = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + (parts.get(name)?.size ?? 0), 0);

test('the first bundle is at most 60 kB of JavaScript, compressed', async () => {
  const first = await entry();
  expect(first.size).toBeGreaterThan(1);
  expect(total(first), JSON.stringify([...first])).toBeLessThan(ENTRY_MAX);
});

test('each page of the administrator brings at most 170 kB more, with its editor', async () => {
  const first = await entry();
  const shell = [...first].map((name) => parts.get(name)?.later ?? []).flat().find((name) => name.startsWith('Admin-')) ?? '';
  const pages = (await part(shell)).later.filter((name) => !/^(?:fr|ar)-/u.test(name));
  expect(pages.length).toBeGreaterThan(10);
  let editor = false;
  for (const page of pages) {
    const later = (await part(page)).later;
    editor ||= later.some((name) => name.startsWith('LuaEditor-'));
    const more = [...(await whole([shell, page, ...later]))].filter((name) => !first.has(name));
    expect(total(more), page).toBeLessThan(ADMIN_MAX);
  }
  expect(editor, 'the editor is counted').toBe(true);
});
