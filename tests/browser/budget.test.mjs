// The page's budget that no slow machine can break: no layout shift, and the next item without the server. How fast it
// paints and answers is measured by bench/page/page.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  answerSome,
  makeProject,
  openPage,
  startBrowser,
  startServer,
  tenClasses,
  textRows,
  train,
} from './house.mjs';

let server, browser, name;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
  name = await makeProject(server.url, 'budget', textRows(120), tenClasses, { batch_size: 40 });
  await answerSome(server.url, name, 40);
  await train(server.url, name);
});
after(async () => {
  await browser?.close();
  server?.stop();
});

const views = () => ({
  projects: ['/', 'table.plist tbody tr'],
  import: ['/new', '.drop'],
  label: [`/projects/${name}/label`, '.item[data-example]'],
  overview: [`/projects/${name}/overview`, '.facts'],
  examples: [`/projects/${name}/examples`, '.ex tbody tr'],
  models: [`/projects/${name}/models`, '.vt tbody tr'],
  settings: [`/projects/${name}/settings`, '.param'],
});

const watchShifts = () => {
  globalThis.shifts = [];
  new PerformanceObserver((list) => {
    // What moves because a person pressed something is not a shift; elsewhere boxes are compared for that.
    for (const entry of list.getEntries().filter((one) => !one.hadRecentInput))
      globalThis.shifts.push({
        value: entry.value,
        what: entry.sources.map(({ node }) => node?.parentElement?.className || node?.nodeName),
      });
  }).observe({ type: 'layout-shift', buffered: true });
};

test('No view ever shifts', { timeout: 120_000 }, async () => {
  const faults = [];
  for (const [view, [path, ready]] of Object.entries(views())) {
    const page = await openPage(browser, server.url);
    await page.addInitScript(watchShifts);
    for (let i = 0; i < 3; i++) {
      await page.goto(server.url + path);
      await page.waitForSelector(ready);
      await page.waitForTimeout(250);
      const shifts = await page.evaluate(() => globalThis.shifts);
      if (shifts.length) faults.push(`${view} shifts: ${JSON.stringify(shifts)}`);
    }
    await page.context().close();
  }
  assert.deepEqual(faults, []);
});

test('Labelling by keys shifts nothing', { timeout: 60_000 }, async () => {
  const page = await openPage(browser, server.url);
  await page.addInitScript(watchShifts);
  await page.goto(`${server.url}/projects/${name}/label`);
  await page.waitForSelector('.item[data-example]');
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press(i % 5 === 4 ? 'u' : String(1 + (i % 9)));
    await page.waitForTimeout(120);
  }
  assert.deepEqual(await page.evaluate(() => globalThis.shifts), []);
  await page.context().close();
});

test('A key brings the next item while the server is away', { timeout: 60_000 }, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/projects/${name}/label`);
  await page.waitForSelector('.item[data-example]');
  await page.waitForTimeout(300);
  await page.context().setOffline(true);
  const seen = new Set();
  for (let i = 0; i < 3; i++) {
    const before = await page.getAttribute('.item', 'data-example');
    seen.add(before);
    await page.keyboard.press('1');
    await page.waitForSelector(`.item[data-example]:not([data-example="${before}"])`);
  }
  assert.equal(seen.size, 3);
  await page.context().setOffline(false);
  await page.context().close();
});
