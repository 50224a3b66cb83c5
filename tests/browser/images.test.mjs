// Images come in through the page: several files, a folder's worth in a zip, and what cannot be read is said.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, call, fresh, imageRows, openPage, P, shoot, startBrowser, startServer } from './house.mjs';
import { zip } from './zip_writer.mjs';

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

const pictures = (count) =>
  imageRows(count).map((row) => Buffer.from(row.image_url.split(',')[1], 'base64'));

/** Drops files on the page as a person does, with the events of a real drop. */
async function drop(page, files) {
  const transfer = await page.evaluateHandle(
    (list) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of list) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
      }
      return data;
    },
    files.map(({ name, type, bytes }) => ({ name, type, base64: bytes.toString('base64') })),
  );
  await page.dispatchEvent('.drop', 'dragover', { dataTransfer: transfer });
  await page.waitForSelector('.drop.over');
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
}

async function importNow(page, accepted, rejected) {
  await page.click('.btn.go:has-text("Import")');
  await page.waitForSelector(`[data-accepted="${accepted}"][data-rejected="${rejected}"]`);
}

test('Dropped images become a project whose images are labelled', limit, async () => {
  const name = fresh('pictures');
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/new`);
  const files = pictures(5).map((bytes, i) => ({ name: `p${i}.png`, type: 'image/png', bytes }));
  files.push({ name: 'broken.png', type: 'image/png', bytes: Buffer.from('not a picture') });
  files.push({ name: 'notes.txt', type: 'text/plain', bytes: Buffer.from('beside') });
  await drop(page, files);
  await page.waitForSelector('.thumbs img');
  assert.match(await page.textContent('main'), /1 file beside them is no image/);
  await page.getByLabel('Project name').fill(name);
  assert.ok(await page.isDisabled('.btn.go:has-text("Import")'));
  await page.getByLabel('Classes, one a line').fill('bar\nring');
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'import-images');
  await importNow(page, 5, 1);
  const project = await call(server.url, 'GET', P(name));
  assert.equal(project.payload, 'image');
  await page.click('a:has-text("Start labelling")');
  await page.waitForFunction(() => document.querySelector('.picture img')?.naturalWidth > 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('A zip of folders names the answers, and brings no more than its images', limit, async () => {
  const name = fresh('zipped');
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/new`);
  const bytes = zip([
    ...pictures(6).map((data, i) => ({ path: `photos/${i % 2 ? 'ring' : 'bar'}/${i}.png`, data })),
    { path: 'photos/readme.md', data: Buffer.from('beside') },
  ]);
  await drop(page, [{ name: 'photos.zip', type: 'application/zip', bytes }]);
  await page.waitForSelector('.thumbs img');
  assert.match(await page.textContent('main pre'), /querist import photos\.zip --project photos/);
  await page.getByLabel('Project name').fill(name);
  assert.equal(await page.inputValue('textarea'), 'bar\nring');
  await importNow(page, 6, 0);
  const project = await call(server.url, 'GET', P(name));
  assert.deepEqual(project.classes, ['bar', 'ring']);
  const { items } = await call(server.url, 'GET', P(name, '/examples?limit=1'));
  assert.equal(items[0].meta.file, 'photos/bar/0.png');
  assert.equal(items[0].external_id, null); // It would tell the answer to who labels it.
  // The same zip again adds nothing.
  await page.goto(`${server.url}/new?project=${name}`);
  await drop(page, [{ name: 'photos.zip', type: 'application/zip', bytes }]);
  await page.waitForSelector('.thumbs img');
  await importNow(page, 0, 0);
  assert.equal((await call(server.url, 'GET', P(name))).counts.examples, 6);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('A table is dropped like anything else; a damaged zip is said to be one', limit, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/new`);
  const rows = Array.from({ length: 4 }, (_, i) => `{"text": "a long enough line, number ${i}"}`);
  const bytes = Buffer.from(rows.join('\n'));
  await drop(page, [{ name: 'lines.jsonl', type: 'application/json', bytes }]);
  await page.waitForSelector('.preview tbody tr');
  assert.match(await page.textContent('.drop'), /lines\.jsonl/);
  await drop(page, [{ name: 'bad.zip', type: 'application/zip', bytes: Buffer.from('PK nothing') }]);
  await page.waitForSelector('.note.alarm');
  assert.match(await page.textContent('.note.alarm'), /zip cannot be read/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
