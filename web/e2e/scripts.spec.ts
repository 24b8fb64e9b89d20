// An administrator sees at once when a script is refused, where and why, and when it is good again.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { scriptsFolder, signIn, url } from './people';

test('a broken script is shown with its file and line, and goes away when mended', async ({ page }) => {
  const folder = scriptsFolder();
  test.skip(folder === undefined, 'the scripts of a server that was not started here are not ours to break');
  const file = join(folder ?? '', 'routing.lua');
  const good = readFileSync(file, 'utf8');
  await signIn(page, 'ada');
  await page.goto(url('/#/admin/scripts'));
  await expect(page.getByRole('navigation', { name: 'Files' }).getByRole('button', { name: /routing\.lua/ })).toBeVisible();
  try {
    writeFileSync(file, `${good}\nthis is not Lua\n`);
    await expect(page.getByText(/A script was refused: .*routing\.lua, line \d+/)).toBeVisible();
    await expect(page.getByText(/routing\.lua:\d+/).first()).toBeVisible();
  } finally {
    writeFileSync(file, good);
  }
  await expect(page.getByText(/^Generation \d+ is live/)).toBeVisible();
  await expect(page.getByText(/A script was refused/)).toBeHidden();
});
