// Labelling by keys: nothing jumps, nothing is lost, everything can be taken back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
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
  until,
} from './house.mjs';

let server, browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  server?.stop();
});

const limit = { timeout: 90_000 };
const textProject = (more = {}) =>
  makeProject(server.url, 'label', textRows(60), tenClasses, { batch_size: 30, ...more });
const answers = async (name) => (await call(server.url, 'GET', P(name, '/annotations'))).items;
const current = (page) => page.getAttribute('.item', 'data-example');

async function open(name, options) {
  const page = await openPage(browser, server.url, options);
  await page.goto(`${server.url}/projects/${name}/label`);
  await page.waitForSelector('.item[data-example]');
  await page.waitForFunction(() => document.querySelectorAll('.opt:not(:disabled)').length > 0);
  await page.waitForTimeout(300);
  return page;
}

const boxes = (page) =>
  page.evaluate(() =>
    Object.fromEntries(
      [
        '.lbar',
        '.lstat',
        '.item',
        '.ask',
        '.opts',
        '.lacts',
        '.hist',
        '.me',
        '.guide',
        '.opt:first-of-type',
        '.opt:last-of-type',
        '[data-act=undo]',
        '[data-act=comment]',
      ]
        .map((name) => [name, document.querySelector(name)])
        .filter(([, node]) => node)
        .map(([name, node]) => [
          name,
          (({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' '))(
            node.getBoundingClientRect(),
          ),
        ]),
    ),
  );

/** A key for the item in hand. On a busy machine keys can outrun the examples held ahead; then it waits for one. */
async function press(page, key) {
  await page.waitForSelector('.item[data-example]');
  const before = await current(page);
  await page.keyboard.press(key);
  await page.waitForFunction(
    (id) => document.querySelector('.item')?.getAttribute('data-example') !== id,
    before,
  );
}

for (const [kind, width] of [
  ['text', 1440],
  ['text', 360],
  ['table', 1440],
]) {
  test(
    `Twenty ${kind} items are labelled by keys and no box moves, ${width} pixels wide`,
    limit,
    async () => {
      const name =
        kind === 'text'
          ? await textProject()
          : await makeProject(server.url, 'table', tableRows(40), ['yes', 'no'], {
              batch_size: 30,
            });
      const page = await open(name, { width, height: 900 });
      const first = await boxes(page);
      const seen = new Set();
      for (let i = 0; i < 20; i++) {
        await page.waitForSelector('.item[data-example]');
        const id = await current(page);
        assert.ok(!seen.has(id), `example ${id} came twice`);
        seen.add(id);
        await press(page, kind === 'text' ? String((i + 1) % 10) : String(1 + (i % 2)));
        assert.deepEqual(await boxes(page), first, `something moved at step ${i + 1}`);
      }
      const stored = await until(
        () => answers(name),
        (list) => list.length === 20,
        'twenty stored answers',
      );
      assert.equal(new Set(stored.map((one) => String(one.example_id))).size, 20);
      assert.deepEqual(new Set(stored.map((one) => String(one.example_id))), seen);
      assert.ok(stored.every((one) => one.seconds >= 0 && one.suggestion_shown === false));
      assert.equal(stored.at(-1).value, kind === 'text' ? 'about red' : 'yes');
      await until(
        () => page.textContent('.counted'),
        (text) => text === '20 of 30',
        'the bar counts what was answered',
      );
      assert.deepEqual(page.problems, []);
      await shoot(page, `label-${kind}-after-20-${width}`);
      await page.context().close();
    },
  );
}

test('The next item is there before a slow server has answered', limit, async () => {
  const page = await open(await textProject());
  await page.route('**/annotations', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  const times = [];
  for (let i = 0; i < 3; i++) {
    times.push(
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            const item = document.querySelector('.item');
            const started = performance.now();
            new MutationObserver((_, observer) => {
              observer.disconnect();
              resolve(performance.now() - started);
            }).observe(item, { attributes: true, attributeFilter: ['data-example'] });
            document.body.dispatchEvent(
              new KeyboardEvent('keydown', { key: '1', code: 'Digit1', bubbles: true }),
            );
          }),
      ),
    );
  }
  // The answer takes 1,500 ms; how much less the page needs is a matter for a measurement.
  assert.ok(Math.max(...times) < 1000, `took ${times} ms`);
  await page.context().close();
});

test('Undo brings the item back, and the new answer replaces the old one', limit, async () => {
  const name = await textProject();
  const page = await open(name);
  const id = await current(page);
  await press(page, '1');
  await until(
    () => answers(name),
    (list) => list.length === 1,
    'the first answer',
  );
  await press(page, 'u');
  assert.equal(await current(page), id);
  await press(page, '2');
  const stored = await until(
    () => answers(name),
    (list) => list.filter((one) => !one.undone).length === 1 && list.length === 2,
    'one answer taken back, one standing',
  );
  assert.equal(stored.find((one) => !one.undone).value, tenClasses[1]);
  assert.equal(String(stored.find((one) => !one.undone).example_id), id);
  await page.context().close();
});

test('An older answer is changed by choosing it among the last ten', limit, async () => {
  const name = await textProject();
  const page = await open(name);
  const id = await current(page);
  for (const key of ['1', '2', '3']) await press(page, key);
  await until(
    () => answers(name),
    (list) => list.length === 3,
    'three answers',
  );
  await page.click('.hist li:nth-child(3) button');
  await page.waitForFunction(
    (wanted) => document.querySelector('.item').getAttribute('data-example') === wanted,
    id,
  );
  await press(page, '9');
  await until(
    () => answers(name),
    (list) =>
      list.some(
        (one) => String(one.example_id) === id && !one.undone && one.value === tenClasses[8],
      ),
    'the changed answer',
  );
  await page.context().close();
});

test('A skip is stored with its reason, and the choices stay where they were', limit, async () => {
  const name = await textProject();
  const page = await open(name);
  const first = await boxes(page);
  const id = await current(page);
  await page.keyboard.press('s');
  await page.waitForSelector('.why');
  assert.deepEqual(await boxes(page), first);
  await shoot(page, 'label-skip');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.why', { state: 'detached' });
  await page.keyboard.press('s');
  await page.waitForSelector('.why');
  await press(page, '2');
  const counts = await until(
    async () => (await call(server.url, 'GET', P(name))).counts,
    (now) => now.skipped === 1,
    'one skipped',
  );
  assert.equal(counts.labeled, 0);
  const [stored] = await answers(name);
  assert.equal(String(stored.example_id), id);
  await page.context().close();
});

test('Flag and comment go with the answer and do not stay for the next', limit, async () => {
  const name = await textProject();
  const page = await open(name);
  await page.keyboard.press('f');
  assert.equal(await page.getAttribute('[data-act=flag]', 'aria-pressed'), 'true');
  await page.keyboard.press('c');
  await page.waitForSelector('dialog[open] textarea');
  await page.fill('dialog textarea', 'odd one: 1 2 3');
  await page.click('dialog .btn.go');
  await press(page, '4');
  const [stored] = await until(
    () => answers(name),
    (list) => list.length === 1,
    'the answer',
  );
  assert.equal(stored.flag, true);
  assert.equal(stored.comment, 'odd one: 1 2 3');
  assert.equal(await page.getAttribute('[data-act=flag]', 'aria-pressed'), 'false');
  await page.context().close();
});

test(
  'With the server away labelling goes on, and nothing is lost or doubled when it is back',
  limit,
  async () => {
    const name = await textProject();
    const page = await open(name);
    const first = await boxes(page);
    await page.context().setOffline(true);
    const ids = [];
    for (let i = 0; i < 3; i++) {
      ids.push(await current(page));
      await press(page, String(i + 1));
    }
    await page.waitForSelector('[data-status=unreachable][data-unsent="3"]');
    assert.deepEqual((await boxes(page))['.item'], first['.item']);
    await shoot(page, 'label-offline');
    assert.equal((await answers(name)).length, 0);
    await page.context().setOffline(false);
    const stored = await until(
      () => answers(name),
      (list) => list.length === 3,
      'three answers after the line is back',
      30,
    );
    assert.deepEqual(stored.map((one) => String(one.example_id)).toReversed(), ids);
    await page.waitForSelector('[data-unsent="0"]');
    await page.context().close();
  },
);

test('An answer whose reply was lost is sent again and counted once', limit, async () => {
  const name = await textProject();
  const page = await open(name);
  let lost = 0;
  await page.route('**/annotations', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await press(page, '5');
  await until(
    async () => lost,
    (count) => count === 1,
    'the reply was lost',
  );
  await page.waitForSelector('[data-status=none][data-unsent="0"]', { timeout: 20_000 });
  assert.equal((await answers(name)).length, 1);
  await page.context().close();
});

test('A reload keeps the item, the history and the unsent answers', limit, async () => {
  const name = await textProject();
  const page = await open(name);
  await press(page, '1');
  await press(page, '2');
  await until(
    () => answers(name),
    (list) => list.length === 2,
    'two answers',
  );
  await page.route('**/annotations', (route) =>
    route.request().method() === 'POST' ? route.abort() : route.continue(),
  );
  await press(page, '3');
  await page.waitForSelector('[data-unsent="1"]');
  const id = await current(page);
  await page.reload();
  await page.waitForSelector('.item[data-example]');
  assert.equal(await current(page), id);
  assert.equal(await page.locator('.hist li').count(), 3);
  await page.waitForSelector('[data-unsent="1"]');
  await page.unroute('**/annotations');
  await until(
    () => answers(name),
    (list) => list.length === 3,
    'the third answer',
    40,
  );
  await page.context().close();
});

test('Keys are left alone while a field has focus, and can be switched off', limit, async () => {
  const name = await textProject();
  const page = await open(name);
  const id = await current(page);
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  await page.keyboard.press('1');
  assert.equal(await current(page), id);
  await page.uncheck('dialog input[type=checkbox]');
  await page.click('dialog .btn.go');
  await page.keyboard.press('1');
  await page.waitForTimeout(200);
  assert.equal(await current(page), id);
  await page.click('.opt:nth-of-type(3)');
  await page.waitForFunction(
    (before) => document.querySelector('.item').getAttribute('data-example') !== before,
    id,
  );
  await page.context().close();
});

test('An image is shown whole in its frame and answered by a key', limit, async () => {
  const name = await makeProject(server.url, 'image', imageRows(20), ['dark', 'light']);
  const page = await open(name);
  await page.waitForFunction(() => document.querySelector('.picture img')?.naturalWidth > 0);
  await press(page, '1');
  await until(
    () => answers(name),
    (list) => list.length === 1,
    'the answer',
  );
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('When nothing is left the page says so in words and continues by itself', limit, async () => {
  const name = await makeProject(server.url, 'few', textRows(2), tenClasses);
  const page = await open(name);
  await press(page, '1');
  await page.keyboard.press('2');
  await page.waitForSelector('[data-empty]');
  await shoot(page, 'label-nothing-left');
  await call(
    server.url,
    'POST',
    P(name, '/examples'),
    JSON.stringify({ external_id: 'late', text: 'a late one about red things' }),
    'application/x-ndjson',
  );
  await page.waitForSelector('.item .body', { timeout: 15_000 });
  assert.match(await page.textContent('.item .body'), /a late one/);
  await page.context().close();
});

test('A letter given to a class in the settings answers with it', limit, async () => {
  const name = await textProject();
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/projects/${name}/settings`);
  await page.waitForSelector('.class-list li');
  await page.fill('.class-list li:nth-child(7) input', 's');
  await page.waitForSelector('.class-list .error-text');
  await page.fill('.class-list li:nth-child(7) input', 't');
  await page.goto(`${server.url}/projects/${name}/label`);
  await page.waitForSelector('.item[data-example]');
  await press(page, 't');
  const [stored] = await until(
    () => answers(name),
    (list) => list.length === 1,
    'the answer',
  );
  assert.equal(stored.value, tenClasses[6]);
  await page.context().close();
});

test('Among 150 classes one is found by its name and answered with Enter', limit, async () => {
  const classes = Array.from({ length: 150 }, (_, i) => `intent number ${i + 1}`);
  const name = await makeProject(server.url, 'many', textRows(10), classes);
  const page = await open(name);
  const first = await boxes(page);
  await page.keyboard.press('/');
  await page.keyboard.type('number 77');
  await page.keyboard.press('Enter');
  const [stored] = await until(
    () => answers(name),
    (list) => list.length === 1,
    'the answer',
  );
  assert.equal(stored.value, 'intent number 77');
  assert.deepEqual(await boxes(page), first);
  await press(page, '1');
  await page.context().close();
});

test('A table leaves its place unchanged when nothing is left', limit, async () => {
  const name = await makeProject(server.url, 'last-row', tableRows(2), ['yes', 'no']);
  const page = await open(name);
  const first = await boxes(page);
  await press(page, '1');
  await press(page, '2');
  await page.waitForSelector('.state-fill');
  const last = await boxes(page);
  assert.deepEqual(last['.item'], first['.item']);
  assert.deepEqual(last['.ask'], first['.ask']);
  await page.context().close();
});

test('A suggestion on a long name moves none of many choices', limit, async () => {
  const classes = tenClasses.map((name) => name.replace(' ', '_and_rather_'));
  classes.push('something_else_entirely', 'none');
  const name = await makeProject(server.url, 'long-names', textRows(80), classes, {
    batch_size: 20,
    suggestions: 'shown',
  });
  const { items } = await call(server.url, 'POST', P(name, '/leases'), { count: 20 });
  for (const [i, item] of items.entries())
    await call(server.url, 'POST', P(name, '/annotations'), {
      example_id: item.example.id,
      lease_id: item.lease_id,
      value: classes[i % 10],
    });
  await train(server.url, name);
  const page = await open(name);
  await page.waitForSelector('.opt.sug');
  const places = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('.opt')].map((node) => {
        const { x, y, width, height } = node.getBoundingClientRect();
        return [x, y, width, height].map(Math.round).join(' ');
      }),
    );
  const first = await places();
  const suggested = new Set();
  for (let i = 0; i < 10; i++) {
    suggested.add(await page.textContent('.opt.sug .opt-name'));
    assert.deepEqual(await places(), first, `a choice moved at step ${i}`);
    await press(page, '1');
  }
  assert.ok(suggested.size > 1, 'the suggestion stood on one choice only');
  await page.context().close();
});
