// Every view in both themes and three widths: no accessibility fault, no sideways scroll, no failed script.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  answerSome,
  axe,
  call,
  imageRows,
  makeProject,
  openPage,
  P,
  shoot,
  startBrowser,
  startServer,
  tableRows,
  tenClasses,
  textRows,
  train,
} from './house.mjs';

let server, browser, text, table, image, fresh;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
  const guideline =
    '## Say what it is about\n\n- **about red** The colour, not the mood.\n- **about old** Older than a year.\n\n*Hard case:* “old and red” is **about old**.';
  text = await makeProject(server.url, 'text', textRows(240), tenClasses, {
    batch_size: 40,
    suggestions: 'shown',
    guideline,
    question: 'What is it about?',
    target: 0.9,
    cost_per_hour: 28,
  });
  for (let i = 0; i < 4; i++) {
    await answerSome(server.url, text, 40);
    await train(server.url, text);
  }
  table = await makeProject(server.url, 'table', tableRows(60), ['yes', 'no'], { batch_size: 60 });
  image = await makeProject(server.url, 'image', imageRows(40), ['bar', 'ring', 'cross'], {
    batch_size: 40,
  });
  fresh = await makeProject(server.url, 'fresh', textRows(12), ['yes', 'no']);
});
after(async () => {
  await browser?.close();
  server?.stop();
});

const views = () => ({
  projects: ['/', 'table.plist tbody tr'],
  import: ['/new', '.drop'],
  'label-text': [`/projects/${text}/label`, '.item .body'],
  'label-table': [`/projects/${table}/label`, '.rec dd'],
  'label-image': [`/projects/${image}/label`, '.picture img'],
  overview: [`/projects/${text}/overview`, '.facts'],
  'overview-fresh': [`/projects/${fresh}/overview`, '.facts'],
  examples: [`/projects/${text}/examples`, '.ex tbody tr'],
  models: [`/projects/${text}/models`, '.vt tbody tr'],
  'models-fresh': [`/projects/${fresh}/models`, '.empty'],
  settings: [`/projects/${text}/settings`, '.param'],
  missing: ['/nowhere/at/all', 'h1'],
});

for (const theme of ['light', 'dark']) {
  for (const width of [320, 768, 1440]) {
    test(
      `Every view is sound in the ${theme} theme, ${width} pixels wide`,
      { timeout: 120_000 },
      async () => {
        const page = await openPage(browser, server.url, { width, theme });
        const faults = [];
        for (const [name, [path, ready]] of Object.entries(views())) {
          await page.goto(server.url + path);
          await page.waitForSelector(ready);
          await page.waitForTimeout(200);
          faults.push(...(await axe(page)).map((fault) => `${name}: ${fault}`));
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) faults.push(`${name}: scrolls ${wide} pixels sideways`);
          await shoot(page, `${name}-${width}-${theme}`);
        }
        faults.push(...page.problems);
        await page.context().close();
        assert.deepEqual(faults, []);
      },
    );
  }
}

for (const width of [360, 1440]) {
  test(
    `The closer look opens by keys, is computed when asked for and is sound, ${width} pixels wide`,
    { timeout: 180_000 },
    async () => {
      const page = await openPage(browser, server.url, { width });
      const asked = [];
      page.on('request', (request) => {
        if (request.url().includes('/evaluation')) asked.push(new URL(request.url()).search);
      });
      await page.goto(`${server.url}/projects/${text}/overview`);
      await page.waitForSelector('.fold');
      for (const fold of await page.$$('.fold > summary')) {
        await fold.focus();
        await page.keyboard.press('Enter');
      }
      await page.waitForTimeout(300);
      assert.deepEqual(asked, [], 'nothing is computed unasked');
      await shoot(page, `closer-${width}-open`);
      for (const name of ['leakage', 'robustness', 'out_of_distribution']) {
        const note = `[data-fold="${name}"] > summary .mute`;
        assert.equal(await page.textContent(note), 'not looked at yet');
        await page.focus(`[data-fold="${name}"] .fold-in > .btn`);
        await page.keyboard.press('Enter');
        await page.waitForSelector(note, { state: 'detached', timeout: 60_000 });
      }
      assert.deepEqual(
        asked.map((query) => new URLSearchParams(query).get('parts')),
        ['leakage', 'robustness', 'out_of_distribution'],
      );
      await page.waitForTimeout(200);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await shoot(page, `closer-${width}`);
      assert.deepEqual([await axe(page), wide, page.problems], [[], 0, []]);
      await page.context().close();
    },
  );
}

test('A closer look that fails says so and can be tried again', { timeout: 60_000 }, async () => {
  const page = await openPage(browser, server.url);
  await page.route('**/evaluation?*', (route) =>
    route.fulfill({
      status: 409,
      contentType: 'application/json',
      body: '{"error": {"code": "conflict", "message": "Label more first.", "request_id": "r1"}}',
    }),
  );
  await page.goto(`${server.url}/projects/${text}/overview`);
  await page.click('[data-fold="leakage"] > summary');
  await page.click('[data-fold="leakage"] .fold-in > .btn');
  await page.waitForSelector('[data-fold="leakage"] [role="alert"]');
  assert.match(await page.textContent('[data-fold="leakage"] [role="alert"]'), /Label more first/);
  await page.unroute('**/evaluation?*');
  await page.click('[data-fold="leakage"] [role="alert"] .btn');
  await page.waitForSelector('[data-fold="leakage"] .checks li', { timeout: 60_000 });
  await page.context().close();
});

test('The open dialogs have no accessibility fault', { timeout: 120_000 }, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/projects/${text}/models`);
  await page.waitForSelector('.vt tbody tr');
  await page.click('.acts .btn');
  await page.waitForSelector('dialog[open]');
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'models-rollback-dialog');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open] .keys');
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'keys-dialog');
  await page.context().close();
});

test(
  'A server without projects says what will be here and offers the one action',
  { timeout: 120_000 },
  async () => {
    const empty = await startServer('--empty');
    const page = await openPage(browser, empty.url);
    await page.goto(empty.url);
    await page.waitForSelector('.empty .btn.go');
    assert.deepEqual(await axe(page), []);
    await shoot(page, 'projects-empty');
    await page.click('.empty .btn.go');
    await page.waitForSelector('.drop');
    assert.deepEqual(page.problems, []);
    await page.context().close();
    empty.stop();
  },
);

test(
  'A page keeps quiet: it asks for nothing while nothing happens',
  { timeout: 120_000 },
  async () => {
    const page = await openPage(browser, server.url);
    await page.goto(`${server.url}/projects/${text}/overview`);
    await page.waitForSelector('.facts');
    await page.waitForTimeout(800);
    let asked = 0;
    page.on('request', () => (asked += 1));
    await page.waitForTimeout(3000);
    assert.equal(asked, 0);
    await page.context().close();
  },
);

test('A change on the server shows without a reload', { timeout: 120_000 }, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/projects/${text}/overview`);
  const labels = Number(await page.getAttribute('section[data-labels]', 'data-labels'));
  await page.waitForTimeout(500);
  await answerSome(server.url, text, 3);
  await page.waitForSelector(`section[data-labels="${labels + 3}"]`, { timeout: 10_000 });
  const told = (await call(server.url, 'GET', P(text, '/progress'))).counts.labeled;
  assert.equal(told, labels + 3);
  await page.context().close();
});
