// What every browser test stands on: a server (given by QUERIST_URL, or started), a browser, and data of its own.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shapes } from '../../web/dev/data.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/**
 * The server under test. QUERIST_URL names a running one; QUERIST_START is a command that starts one ({port}) on a folder of
 * its own, which is empty and so needs none of the stand-in's options.
 */
export async function startServer(...more) {
  if (process.env.QUERIST_URL && !more.length)
    return { url: process.env.QUERIST_URL, stop: () => {} };
  const port = String(await freePort());
  const command = process.env.QUERIST_START
    ? process.env.QUERIST_START.replaceAll('{port}', port)
    : `exec node web/dev/server.mjs --port ${port} ${more.join(' ')}`;
  const child = spawn('sh', ['-c', command], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 300; i++) {
    const ready = await fetch(`${url}/v2/health/ready`).then(
      (reply) => reply.ok,
      () => false,
    );
    if (ready) return { url, stop: () => child.kill() };
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill();
  throw new Error(`the server did not come up: ${command}`);
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: flags,
  });
}

/** A page that fails its test when a script fails, and that lets no request leave the machine. */
export async function openPage(browser, url, { width = 1440, height = 900, theme = 'light' } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (
      message.type() === 'error' &&
      !/Failed to load resource|ERR_INTERNET_DISCONNECTED/.test(message.text())
    )
      page.problems.push(message.text());
  });
  page.on('request', (request) => {
    const target = request.url();
    if (!target.startsWith(url) && !/^(data|blob):/.test(target))
      page.problems.push(`request outside: ${target}`);
  });
  return page;
}

export async function call(url, method, path, body, type = 'application/json') {
  const init = { method, headers: { 'Content-Type': type, Origin: url } };
  if (process.env.QUERIST_TOKEN) init.headers.Authorization = `Bearer ${process.env.QUERIST_TOKEN}`;
  if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(url + path, init);
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

export const P = (name, rest = '') => `/api/v1/projects/${name}${rest}`;
export const fresh = (kind) => `browser-${kind}-${Math.random().toString(36).slice(2, 8)}`;

const words = ['red', 'blue', 'green', 'late', 'early', 'cheap', 'dear', 'new', 'old', 'fast'];
export const tenClasses = words.map((word) => `about ${word}`);

export const textRows = (count) =>
  Array.from({ length: count }, (_, i) => ({
    external_id: `text-${i}`,
    text: `example ${i} about ${words[i % 10]} things and ${words[(i * 7) % 10]} ones, written for the test`,
  }));

export const tableRows = (count) =>
  Array.from({ length: count }, (_, i) => ({
    external_id: `row-${i}`,
    columns: {
      age: String(20 + ((i * 7) % 50)),
      job: ['cook', 'smith', 'clerk'][i % 3],
      hours: String(30 + (i % 25)),
      city: ['Oslo', 'Lima'][i % 2],
    },
  }));

export const imageRows = (count) =>
  shapes(count).rows.map(({ external_id, image }) => ({
    external_id,
    image_url: `data:image/png;base64,${image.toString('base64')}`,
  }));

export async function makeProject(url, kind, rows, classes, settings = {}) {
  const name = fresh(kind);
  await call(url, 'POST', '/api/v1/projects', { name, task: 'classification', classes, settings });
  const result = await call(
    url,
    'POST',
    P(name, '/examples'),
    rows.map((row) => JSON.stringify(row)).join('\n'),
    'application/x-ndjson',
  );
  if (result.accepted !== rows.length)
    throw new Error(`not every row was accepted: ${JSON.stringify(result)}`);
  return name;
}

/** Answers through the API, as a program would, the word in the text deciding. */
export async function answerSome(url, name, count) {
  for (let left = count; left > 0;) {
    const { items, reason } = await call(url, 'POST', P(name, '/leases'), {
      count: Math.min(left, 10),
    });
    if (!items.length) throw new Error(`nothing left to answer: ${reason}`);
    for (const item of items) {
      const word = words.find((one) => item.example.text.includes(`about ${one} `)) ?? words[0];
      await call(url, 'POST', P(name, '/annotations'), {
        example_id: item.example.id,
        lease_id: item.lease_id,
        value: `about ${word}`,
        seconds: 2.5,
        suggestion_shown: false,
      });
      left -= 1;
    }
  }
}

/** Turns the loop until there is a newer model than before. */
export async function train(url, name) {
  const before = (await call(url, 'GET', P(name, '/models'))).items.length;
  await call(url, 'POST', P(name, '/cycles'), {});
  for (let i = 0; i < 300; i++) {
    const now = (await call(url, 'GET', P(name, '/models'))).items.length;
    if (now > before) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no new model of ${name} after 30 s`);
}

export async function axe(page) {
  // Evaluated from outside, because the page's policy forbids added scripts, as it should.
  await page.evaluate(axeSource);
  const found = await page.evaluate(
    async () =>
      (
        await globalThis.axe.run(document, {
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        })
      ).violations,
  );
  return found.map(
    (one) =>
      `${one.id}: ${one.help}: ${one.nodes
        .slice(0, 3)
        .map((node) => node.target.join(' '))
        .join(' | ')}`,
  );
}

export async function shoot(page, name) {
  if (!process.env.SCREENSHOTS) return;
  mkdirSync(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** Waits until what is asked is true, and says what it last was if it never gets there. */
export async function until(ask, wanted, what, seconds = 10) {
  let last;
  for (let i = 0; i < seconds * 20; i++) {
    last = await ask();
    if (wanted(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: still ${JSON.stringify(last)} after ${seconds} s`);
}
