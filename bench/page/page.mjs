// How fast the page is on this machine: first paint of each view and the next item after a key, in milliseconds of the browser's
// own clock. The server is the binary on an empty folder, the browser Debian's Chromium on the same cores; each view is loaded
// eight times, the first of them with nothing cached. Prints JSON; `make bench` puts it into bench/RESULTS.md.
//
//     node bench/page/page.mjs (after `make build`)
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../../build/querist', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'querist-page-'));
process.env.QUERIST_START = `exec ${binary} serve --port {port} --data-dir ${folder}`;
const { answerSome, makeProject, openPage, startBrowser, startServer, tenClasses, textRows, train } =
  await import('../../tests/browser/house.mjs');
const LOADS = 8;
const KEYS = 12;

async function paints(browser, url, path, ready) {
  const page = await openPage(browser, url);
  const times = [];
  for (let i = 0; i < LOADS; i++) {
    await page.goto(url + path);
    await page.waitForSelector(ready);
    await page.waitForTimeout(250);
    times.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
  }
  await page.context().close();
  return times;
}

/** From the key to the frame that shows the next item, with the server away. */
async function keys(browser, url, path) {
  const page = await openPage(browser, url);
  const times = [];
  await page.goto(url + path);
  for (let i = 0; i < KEYS; i++) {
    await page.waitForSelector('.item[data-example]');
    await page.waitForTimeout(400); // The next items are fetched ahead.
    await page.context().setOffline(true);
    times.push(
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            const started = performance.now();
            new MutationObserver((_, observer) => {
              observer.disconnect();
              requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
            }).observe(document.querySelector('.item'), { attributes: true, attributeFilter: ['data-example'] });
            document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '1', code: 'Digit1', bubbles: true }));
          }),
      ),
    );
    await page.context().setOffline(false);
  }
  await page.context().close();
  return times;
}

const server = await startServer();
const browser = await startBrowser();
try {
  const name = await makeProject(server.url, 'page', textRows(120), tenClasses, { batch_size: 40 });
  await answerSome(server.url, name, 40);
  await train(server.url, name);
  const at = (view) => `/projects/${name}/${view}`;
  const views = {
    projects: ['/', 'table.plist tbody tr'],
    import: ['/new', '.drop'],
    label: [at('label'), '.item[data-example]'],
    overview: [at('overview'), '.facts'],
    examples: [at('examples'), '.ex tbody tr'],
    models: [at('models'), '.vt tbody tr'],
    settings: [at('settings'), '.param'],
  };
  const load_before = loadavg()[0];
  const first_paint_ms = {};
  for (const [view, [path, ready]] of Object.entries(views))
    first_paint_ms[view] = await paints(browser, server.url, path, ready);
  const key_ms = await keys(browser, server.url, at('label'));
  console.log(JSON.stringify({ first_paint_ms, key_ms, load_before, load_after: loadavg()[0] }));
} finally {
  await browser.close();
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}
