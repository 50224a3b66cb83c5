// Signing in on a server that has people: real passwords, real roles, the real session and its CSRF token.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  axe,
  call,
  makeProject,
  openPage,
  P,
  shoot,
  startBrowser,
  startServer,
  tenClasses,
  textRows,
  until,
} from './house.mjs';

let server, browser, name;
const limit = { timeout: 90_000 };
const password = 'correct horse battery';

/** Requests in a person's name, as their browser would send them. */
async function signedIn(who) {
  const reply = await fetch(`${server.url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: server.url },
    body: JSON.stringify({ name: who, password }),
  });
  assert.equal(reply.status, 201);
  const { csrf_token } = await reply.json();
  const cookie = reply.headers.get('set-cookie').split(';')[0];
  return (method, path, body) =>
    fetch(server.url + path, {
      method,
      headers: {
        'Content-Type': 'application/json',
        Origin: server.url,
        Cookie: cookie,
        'X-CSRF-Token': csrf_token,
      },
      body: body && JSON.stringify(body),
    }).then(async (answer) => {
      const text = await answer.text();
      return { status: answer.status, json: text ? JSON.parse(text) : null };
    });
}

before(async () => {
  server = await startServer();
  browser = await startBrowser();
  name = await makeProject(server.url, 'people', textRows(60), tenClasses, { batch_size: 20 });
  // The first one is an admin and ends the one-person mode; the others are the admin's to add.
  await call(server.url, 'POST', '/api/v1/users', { name: 'root', password, role: 'admin' });
  const root = await signedIn('root');
  for (const [who, role] of [
    ['ana', 'annotator'],
    ['eva', 'engineer'],
  ]) {
    const made = await root('POST', '/api/v1/users', { name: who, password, role });
    assert.equal(made.status, 201);
  }
});
after(async () => {
  await browser?.close();
  server?.stop();
});

async function signIn(page, who, secret = password) {
  await page.getByLabel('Name').fill(who);
  await page.getByLabel('Password').fill(secret);
  await page.click('.sign-in .btn.go');
}

/** What a script in the page gets when it asks by itself. */
const askFromPage = (page, method, path, headers = {}, body = undefined) =>
  page.evaluate(
    async ([verb, target, more, sent]) => {
      const reply = await fetch(target, {
        method: verb,
        headers: { 'Content-Type': 'application/json', ...more },
        body: sent && JSON.stringify(sent),
      });
      return { status: reply.status, text: await reply.text() };
    },
    [method, path, headers, body],
  );

test('A server with people asks who you are and names a wrong password', limit, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(server.url);
  await page.waitForSelector('.sign-in');
  assert.deepEqual(await axe(page), []);
  await shoot(page, 'sign-in');
  assert.equal((await askFromPage(page, 'GET', '/api/v1/projects')).status, 401);
  for (const [who, secret] of [
    ['ana', 'wrong password'],
    ['nobody', password],
  ]) {
    await signIn(page, who, secret);
    await page.waitForSelector('.error-text:not(:empty)');
    assert.equal(
      await page.textContent('.error-text'),
      'That name and password do not fit together.',
    );
    assert.equal(await page.inputValue('input[type=password]'), '', 'it is not kept');
  }
  assert.equal((await page.context().cookies()).length, 0, 'nobody was let in');
  await signIn(page, 'ana');
  await page.waitForSelector('table.plist tbody tr');
  assert.match(await page.textContent('body'), /Signed in as ana/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('Scripts cannot read the session, and a write needs its token', limit, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(server.url);
  await signIn(page, 'eva');
  await page.waitForSelector('table.plist tbody tr');
  assert.doesNotMatch(await page.evaluate(() => document.cookie), /querist_session/);
  const [cookie] = await page.context().cookies();
  assert.equal(cookie.name, 'querist_session');
  assert.ok(cookie.httpOnly);
  assert.equal(cookie.sameSite, 'Strict');
  const change = { settings: { batch_size: 21 }, reason: 'without the token' };
  const bare = await askFromPage(page, 'PATCH', P(name), {}, change);
  assert.equal(bare.status, 403);
  assert.match(bare.text, /X-CSRF-Token/i);
  const forged = await askFromPage(page, 'PATCH', P(name), { 'X-CSRF-Token': 'guessed' }, change);
  assert.equal(forged.status, 403);
  // The page itself has the token: an engineer's setting is saved, also after a reload that lost it.
  await page.goto(`${server.url}/projects/${name}/settings`);
  await page.fill('#p-batch_size', '22');
  await page.fill('#reason', 'by eva');
  await page.click('.save .btn.go');
  await page.waitForSelector('.save', { state: 'detached' });
  const eva = await signedIn('eva');
  assert.equal((await eva('GET', P(name))).json.settings.batch_size, 22);
  await page.context().close();
});

test('An annotator labels, and is told what role a setting needs', limit, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/projects/${name}/settings`);
  await signIn(page, 'ana');
  await page.waitForSelector('#p-batch_size');
  await page.fill('#p-batch_size', '55');
  await page.fill('#reason', 'by ana');
  await page.click('.save .btn.go');
  await page.waitForSelector('.save .error-text:not(:empty)');
  assert.match(
    await page.textContent('.save .error-text'),
    /needs the role engineer; ana has annotator/,
  );
  const record = await askFromPage(page, 'GET', `/api/v1/events?project=${name}`);
  assert.equal(record.status, 403);
  assert.match(record.text, /needs the role reviewer; ana has annotator/);
  assert.equal((await askFromPage(page, 'GET', '/api/v1/users')).status, 403);
  await page.goto(`${server.url}/projects/${name}/label`);
  await page.waitForSelector('.item[data-example]');
  const eva = await signedIn('eva');
  const labels = async () => (await eva('GET', P(name))).json.counts.labeled;
  const had = await labels();
  await page.keyboard.press('1');
  await until(labels, (now) => now === had + 1, 'one label stored');
  const [newest] = (await eva('GET', P(name, '/annotations'))).json.items;
  assert.equal(newest.annotator, 'ana');
  assert.notEqual((await eva('GET', P(name))).json.settings.batch_size, 55);
  await page.context().close();
});

test('Answers given while signed out wait, and go once their giver is back', limit, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(`${server.url}/projects/${name}/label`);
  await signIn(page, 'ana');
  await page.waitForSelector('.item[data-example]');
  const eva = await signedIn('eva');
  const had = (await eva('GET', P(name))).json.counts.labeled;
  await page.context().clearCookies();
  await page.keyboard.press('1');
  await page.waitForSelector('.sign-in .tag.warn');
  assert.equal((await eva('GET', P(name))).json.counts.labeled, had);
  await signIn(page, 'ana');
  await page.waitForSelector('.item[data-example]');
  await page.waitForSelector('[data-unsent="0"]');
  await until(
    async () => (await eva('GET', P(name))).json.counts.labeled,
    (now) => now === had + 1,
    'the answer that waited is stored',
  );
  await page.context().close();
});

test('Signing out ends the session on the server too', limit, async () => {
  const page = await openPage(browser, server.url);
  await page.goto(server.url);
  await signIn(page, 'ana');
  await page.waitForSelector('table.plist tbody tr');
  const [cookie] = await page.context().cookies();
  await page.click('button:has-text("Sign out")');
  await page.waitForSelector('.sign-in');
  assert.equal((await page.context().cookies()).length, 0);
  await page.reload();
  await page.waitForSelector('.sign-in');
  const replayed = await fetch(`${server.url}/api/v1/projects`, {
    headers: { Cookie: `${cookie.name}=${cookie.value}` },
  });
  assert.equal(replayed.status, 401, 'a kept cookie opens nothing');
  await page.context().close();
});
