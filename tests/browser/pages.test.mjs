// Import, models, settings and examples, as a person does them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  answerSome,
  axe,
  call,
  fresh,
  makeProject,
  openPage,
  P,
  shoot,
  startBrowser,
  startServer,
  tenClasses,
  textRows,
  train,
  until,
} from './house.mjs';

let server, browser;
const limit = { timeout: 90_000 };

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  server?.stop();
});

const csv = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

test(
  'A file becomes a project: roles guessed, repeated and unusable rows told apart, the command shown',
  limit,
  async () => {
    const name = fresh('import');
    const rows = Array.from(
      { length: 30 },
      (_, i) =>
        `m-${i},"message ${i}, with a comma and ""quotes""",${i % 3 ? 'ham' : 'spam'},train`,
    );
    const text = [
      'id,body,label,split',
      ...rows,
      'm-0,"message 0, with a comma and ""quotes""",spam,train',
      'm-91,,ham,train',
    ].join('\n');
    const page = await openPage(browser, server.url);
    await page.goto(`${server.url}/new`);
    await page.setInputFiles('input[type=file]', csv('sms data.csv', text));
    await page.waitForSelector('.preview tbody tr');
    assert.equal(await page.inputValue('select[aria-label="Role of body"]'), 'text');
    assert.equal(await page.inputValue('select[aria-label="Role of label"]'), 'label');
    assert.equal(await page.inputValue('select[aria-label="Role of id"]'), 'id');
    assert.equal(await page.inputValue('select[aria-label="Role of split"]'), 'split');
    await page.getByLabel('Project name').fill(name);
    assert.match(
      await page.textContent('pre'),
      new RegExp(
        `querist import 'sms data.csv' --project ${name} --text body --label label --id id --split split`,
      ),
    );
    assert.deepEqual((await page.inputValue('textarea')).split('\n').sort(), ['ham', 'spam']);
    assert.deepEqual(await axe(page), []);
    await shoot(page, 'import-preview');
    await page.click('.btn.go:has-text("Import")');
    await page.waitForSelector('[data-accepted]');
    await until(
      () => page.getAttribute('[data-accepted]', 'data-accepted'),
      (n) => n === '30',
      'thirty accepted',
    );
    assert.equal(await page.getAttribute('[data-accepted]', 'data-duplicates'), '1');
    assert.equal(await page.getAttribute('[data-accepted]', 'data-rejected'), '1');
    assert.match(await page.textContent('.chk'), /Row 32: body is empty/);
    await shoot(page, 'import-result');
    const project = await call(server.url, 'GET', P(name));
    assert.deepEqual(project.classes.toSorted(), ['ham', 'spam']);
    assert.equal(project.counts.examples, 30);
    const { items } = await call(server.url, 'GET', P(name, '/examples?limit=1'));
    assert.equal(items[0].text, 'message 0, with a comma and "quotes"');
    assert.equal(items[0].external_id, 'm-0');
    assert.deepEqual(page.problems, []);
    await page.context().close();
  },
);

test('More data goes into a project there is, and a new class in it is added', limit, async () => {
  const name = await makeProject(server.url, 'more', textRows(5), ['yes', 'no']);
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/new?project=${name}`);
  const lines = [1, 2, 3].map((i) =>
    JSON.stringify({
      text: `another long enough message, number ${i}`,
      label: i === 3 ? 'maybe' : 'yes',
    }),
  );
  await page.setInputFiles('input[type=file]', {
    name: 'more.jsonl',
    mimeType: 'application/json',
    buffer: Buffer.from(`${lines.join('\n')}\n{broken`),
  });
  await page.waitForSelector('.preview tbody tr');
  await page.selectOption('select[aria-label="Role of text"]', 'text');
  await page.selectOption('select[aria-label="Role of label"]', 'label');
  await page.click('.btn.go:has-text("Import")');
  await page.waitForSelector('[data-accepted="3"]');
  assert.equal(await page.getAttribute('[data-accepted]', 'data-rejected'), '1');
  assert.deepEqual((await call(server.url, 'GET', P(name))).classes, ['yes', 'no', 'maybe']);
  await page.context().close();
});

test('A file this page cannot read is named with the command that can', limit, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/new`);
  await page.setInputFiles('input[type=file]', {
    name: 'photos.tar',
    mimeType: 'application/x-tar',
    buffer: Buffer.from('PK'),
  });
  await page.waitForSelector('.note pre');
  assert.match(await page.textContent('.note pre'), /querist import photos.tar/);
  await page.setInputFiles('input[type=file]', csv('bytes.csv', ''));
  await page.waitForSelector('.note.alarm');
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test(
  'A version is promoted and rolled back, each with a reason that the history keeps',
  limit,
  async () => {
    const name = await makeProject(server.url, 'models', textRows(160), tenClasses, {
      batch_size: 40,
    });
    for (let i = 0; i < 3; i++) {
      await answerSome(server.url, name, 40);
      await train(server.url, name);
    }
    const page = await openPage(browser, server.url);
    await page.goto(`${server.url}/projects/${name}/models`);
    await page.waitForSelector('tr[data-version="1"]');
    await page.click('tr[data-version="1"] button:has-text("Promote")');
    await page.click('dialog .btn.go');
    await page.waitForSelector('dialog .error-text:not(:empty)');
    await page.fill('dialog textarea', 'trying the first again');
    await page.click('dialog .btn.go');
    const forced = await Promise.race([
      page.waitForSelector('dialog', { state: 'detached' }).then(() => false),
      page.waitForSelector('dialog input[type=checkbox]').then(() => true),
    ]);
    if (forced) {
      await page.check('dialog input[type=checkbox]');
      await page.click('dialog .btn.go');
      await page.waitForSelector('dialog', { state: 'detached' });
    }
    await page.waitForSelector('tr[data-version="1"] .tag.full');
    const before = (await call(server.url, 'GET', P(name, '/models/history'))).items.find(
      (one) => one.action === 'promote',
    );
    assert.equal(before.version, 1);
    assert.equal(before.reason, 'trying the first again');
    await page.click('.acts .btn:has-text("Roll back")');
    await page.fill('dialog textarea', 'it was worse');
    await page.click('dialog .btn.go');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.waitForSelector(`tr[data-version="${before.previous}"] .tag.full`);
    assert.match(await page.textContent('table.history'), /it was worse/);
    const entry = (await call(server.url, 'GET', P(name, '/models/history'))).items.find(
      (one) => one.action === 'rollback',
    );
    assert.equal(entry.version, before.previous);
    await shoot(page, 'models-after-rollback');
    assert.deepEqual(page.problems, []);
    await page.context().close();
  },
);

test(
  'Settings make the round trip: refused without a reason, saved with one, reset to the default',
  limit,
  async () => {
    const name = await makeProject(server.url, 'settings', textRows(5), ['yes', 'no']);
    const page = await openPage(browser, server.url);
    await page.goto(`${server.url}/projects/${name}/settings`);
    await page.waitForSelector('#p-batch_size');
    const rows = (await call(server.url, 'GET', '/api/v1/settings/project')).items;
    assert.equal(await page.locator('.param').count(), rows.length);
    await page.fill('#p-batch_size', '0');
    await page.waitForSelector('[data-param=batch_size] .error-text');
    assert.ok(await page.isDisabled('.save .btn.go'));
    await page.fill('#p-batch_size', '33');
    await page.fill('#p-question', 'Is it so?');
    await page.selectOption('#p-suggestions', 'shown');
    await page.selectOption('#p-strategy', 'random');
    await page.fill('#add-class', 'perhaps');
    await page.click('.add-class .btn');
    await page.click('.save .btn.go');
    await page.waitForSelector('.save .error-text');
    await shoot(page, 'settings-unsaved');
    assert.deepEqual(await axe(page), []);
    await page.fill('#reason', 'for the test');
    await page.click('.save .btn.go');
    await page.waitForSelector('.save', { state: 'detached' });
    const saved = await call(server.url, 'GET', P(name));
    assert.equal(saved.settings.batch_size, 33);
    assert.equal(saved.settings.question, 'Is it so?');
    assert.equal(saved.settings.suggestions, 'shown');
    assert.equal(saved.settings.strategy, 'random');
    assert.deepEqual(saved.classes, ['yes', 'no', 'perhaps']);
    await page.reload();
    await page.waitForSelector('#p-batch_size');
    assert.equal(await page.inputValue('#p-batch_size'), '33');
    await page.click('[aria-label="Reset batch_size"]');
    await page.fill('#reason', 'back again');
    await page.click('.save .btn.go');
    await page.waitForSelector('.save', { state: 'detached' });
    const fallback = rows.find((row) => row.name === 'batch_size').fallback;
    assert.equal((await call(server.url, 'GET', P(name))).settings.batch_size, fallback);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  },
);

test(
  'Examples are searched, filtered and chosen with the keyboard; the address keeps the search',
  limit,
  async () => {
    const name = await makeProject(server.url, 'examples', textRows(60), tenClasses, {
      batch_size: 10,
    });
    await answerSome(server.url, name, 10);
    const page = await openPage(browser, server.url);
    await page.goto(`${server.url}/projects/${name}/examples`);
    await page.waitForSelector('.ex tbody tr');
    await page.keyboard.press('/');
    await page.keyboard.type('example 17 ');
    await until(
      () => page.locator('.ex tbody tr').count(),
      (n) => n === 1,
      'one row found',
    );
    assert.match(page.url(), /q=example/);
    await page.fill('#q', '');
    await page.locator('.chip', { hasText: /^Labelled/ }).click();
    await until(
      () => page.locator('.ex tbody tr').count(),
      (n) => n === 10,
      'ten labelled rows',
    );
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.waitForSelector('tr.pick[data-row="2"]');
    assert.match(await page.textContent('.detail'), /Why chosen/);
    await page.reload();
    await until(
      () => page.locator('.ex tbody tr').count(),
      (n) => n === 10,
      'the same ten rows after a reload',
    );
    assert.deepEqual(page.problems, []);
    await page.context().close();
  },
);

test('Theme and address survive: the choice is kept, back and forward work', limit, async () => {
  const name = await makeProject(server.url, 'theme', textRows(5), ['yes', 'no']);
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/projects/${name}/overview`);
  await page.click('[data-theme-toggle]');
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.reload();
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.click('nav.main a:has-text("Models")');
  await page.waitForURL('**/models');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.goBack();
  await page.waitForURL('**/overview');
  await page.waitForSelector('.facts');
  await page.context().close();
});

test('The widest estimate of the list stays in its column', limit, async () => {
  const name = await makeProject(server.url, 'wide', textRows(60), tenClasses);
  await answerSome(server.url, name, 40);
  await train(server.url, name);
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/`);
  const row = page.locator('.plist tbody tr', { hasText: name });
  await row.locator('.estimate').waitFor();
  for (const width of [620, 820, 1200, 1600]) {
    await page.setViewportSize({ width, height: 800 });
    const [right, left] = await row.evaluate((tr) => {
      tr.querySelector('.estimate .nowrap').textContent = '100 (95\u2013100)';
      const texts = [...tr.querySelectorAll('.estimate > span')];
      return [
        Math.max(...texts.map((one) => one.getBoundingClientRect().right)),
        tr.children[2].querySelector('span').getBoundingClientRect().left,
      ];
    });
    assert.ok(right <= left, `at ${width} the estimate ends at ${right}, the next column begins at ${left}`);
  }
  await page.context().close();
});
