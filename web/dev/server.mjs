// A stand-in for the server while the page is developed: the same routes and shapes over a real socket, in memory only.
//   node dev/server.mjs [--port 8080] [--page dist] [--users] [--empty]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { incomes, messages, shapes } from './data.mjs';
import { invalid, missing, plugins, Refuse, refuseUnknown, settingRows } from './rows.mjs';
import { Loop } from './loop.mjs';
import { evaluation } from './closer.mjs';

const option = (name, fallback) =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : fallback;
const users = process.argv.includes('--users');
const page = resolve(option('--page', fileURLToPath(new URL('../dist', import.meta.url))));
const store = new Loop();
const streams = new Set();
const replies = new Map();
const started = Date.now();
store.tell = (change) => {
  for (const out of streams)
    out.write(`id: ${change.sequence}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`);
};

const P = '/api/v1/projects/:project';
const number = (text) => (/^\d+$/.test(text ?? '') ? Number(text) : text);
const pageOf = (items, url) => {
  const limit = Math.min(1000, Number(url.searchParams.get('limit') ?? 100));
  const from = Number(url.searchParams.get('after') ?? 0);
  return {
    items: items.slice(from, from + limit),
    next: from + limit < items.length ? String(from + limit) : null,
  };
};

const routes = [
  [
    'GET',
    '/api/v1/server',
    ({ who }) => ({
      version: '0.1.0',
      build: 'development',
      one_person_mode: !users,
      user: users ? who : null,
      uptime_seconds: (Date.now() - started) / 1000,
    }),
  ],
  ['GET', '/api/v1/plugins', () => plugins],
  ['GET', '/api/v1/settings/project', () => ({ items: settingRows })],
  ['GET', '/api/v1/jobs', ({ url }) => pageOf(store.jobs, url)],
  [
    'GET',
    '/api/v1/projects',
    ({ url }) =>
      pageOf(
        [...store.projects.values()].map((one) => store.shown(one)),
        url,
      ),
  ],
  [
    'POST',
    '/api/v1/projects',
    ({ body }) => [
      201,
      store.create((refuseUnknown(body, ['name', 'task', 'classes', 'settings']), body)),
    ],
  ],
  ['GET', P, ({ at }) => store.shown(store.project(at.project))],
  [
    'PATCH',
    P,
    ({ at, body }) =>
      store.patch(at.project, (refuseUnknown(body, ['settings', 'classes', 'reason']), body)),
  ],
  ['GET', `${P}/progress`, ({ at }) => store.progress(at.project)],
  [
    'GET',
    `${P}/evaluation`,
    ({ at, url }) =>
      evaluation(store, at.project, (url.searchParams.get('parts') ?? 'slices').split(',')),
  ],
  ['GET', `${P}/examples`, ({ at, url }) => listExamples(at.project, url)],
  ['POST', `${P}/examples`, ({ at, rows }) => store.add(at.project, rows)],
  [
    'GET',
    `${P}/examples/:example`,
    ({ at }) => store.example(store.project(at.project), oneOf(at)),
  ],
  ['GET', `${P}/examples/:example/image`, ({ at }) => ({ image: oneOf(at).image })],
  [
    'POST',
    `${P}/leases`,
    ({ at, body, name }) =>
      store.lease(at.project, (refuseUnknown(body, ['count', 'annotator']), body.count ?? 1), name),
  ],
  ['POST', `${P}/leases/:lease/heartbeat`, ({ at }) => store.beat(at.project, number(at.lease))],
  [
    'DELETE',
    `${P}/leases/:lease`,
    ({ at }) => [204, store.project(at.project).leases.delete(number(at.lease)) && null],
  ],
  [
    'POST',
    `${P}/annotations`,
    ({ at, body, name }) => [
      201,
      store.annotate(
        at.project,
        (refuseUnknown(body, [
          'example_id',
          'value',
          'lease_id',
          'seconds',
          'suggestion_shown',
          'comment',
          'flag',
          'skip_reason',
        ]),
        body),
        name,
      ),
    ],
  ],
  [
    'GET',
    `${P}/annotations`,
    ({ at, url }) => {
      const wanted = url.searchParams.get('example');
      return pageOf(
        store
          .project(at.project)
          .annotations.filter((one) => wanted === null || String(one.example_id) === wanted)
          .toReversed(),
        url,
      );
    },
  ],
  [
    'POST',
    `${P}/annotations/:annotation/undo`,
    ({ at, name }) => store.undo(at.project, number(at.annotation), name),
  ],
  ['POST', `${P}/cycles`, ({ at }) => [202, store.turn(at.project)]],
  ['GET', `${P}/models`, ({ at, url }) => pageOf(store.project(at.project).models, url)],
  ['GET', `${P}/models/history`, ({ at, url }) => pageOf(store.project(at.project).history, url)],
  [
    'PUT',
    `${P}/models/aliases/:alias`,
    ({ at, body, name }) =>
      store.promote(
        at.project,
        at.alias,
        (refuseUnknown(body, ['version', 'reason', 'force']), body),
        name,
      ),
  ],
  [
    'POST',
    `${P}/models/rollback`,
    ({ at, body, name }) => store.rollback(at.project, body.reason, name),
  ],
];

function oneOf(at) {
  const example = store.project(at.project).examples.get(number(at.example));
  if (!example) throw missing(`There is no example ${at.example}.`);
  return example;
}

function listExamples(name, url) {
  const project = store.project(name);
  const [state, label, q, order] = ['state', 'label', 'q', 'order'].map((key) =>
    url.searchParams.get(key),
  );
  let all = [...project.examples.values()].map((one) => store.example(project, one));
  if (state) all = all.filter((one) => one.state === state);
  if (label) all = all.filter((one) => one.label === label);
  if (q)
    all = all.filter((one) =>
      JSON.stringify([one.text, one.columns, one.external_id, one.label])
        .toLowerCase()
        .includes(q.toLowerCase()),
    );
  if (order === 'uncertain')
    all.sort((a, b) => (a.prediction?.confidence ?? 1) - (b.prediction?.confidence ?? 1));
  return pageOf(all, url);
}

function match(pattern, path) {
  const [a, b] = [pattern.split('/'), path.split('/')];
  if (a.length !== b.length) return null;
  const at = {};
  for (const [i, part] of a.entries()) {
    if (part.startsWith(':')) at[part.slice(1)] = decodeURIComponent(b[i]);
    else if (part !== b[i]) return null;
  }
  return at;
}

function parse(request, text) {
  if (!text) return {};
  try {
    if (request.headers['content-type']?.includes('ndjson'))
      return {
        rows: text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      };
    const body = JSON.parse(text);
    return Array.isArray(body) ? { rows: body } : { body };
  } catch {
    throw invalid('The body is not JSON.');
  }
}

function send(response, status, body) {
  if (body?.image) {
    response
      .writeHead(200, { 'Content-Type': 'image/png', 'Cache-Control': 'max-age=3600' })
      .end(body.image);
    return;
  }
  response.writeHead(status, { 'Content-Type': 'application/json', 'X-Request-Id': 'dev' });
  response.end(status === 204 ? undefined : JSON.stringify(body));
}

function session(request, response, text) {
  const { name, password } = JSON.parse(text || '{}');
  if (request.method === 'DELETE') {
    response.setHeader('Set-Cookie', 'querist_session=; Max-Age=0; Path=/');
    return send(response, 204);
  }
  if (password !== 'correct horse')
    throw new Refuse(401, 'unauthenticated', 'That name and password do not fit together.');
  response.setHeader(
    'Set-Cookie',
    `querist_session=${encodeURIComponent(name)}; HttpOnly; SameSite=Strict; Path=/`,
  );
  send(response, 201, { user: { name, role: 'admin' }, csrf_token: `csrf-${name}` });
}

function answer(request, response, url, text) {
  const cookie = /querist_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  const who = cookie ? { name: decodeURIComponent(cookie), role: 'admin' } : null;
  if (url.pathname === '/v2/health/ready') return send(response, 200, {});
  if (url.pathname.startsWith('/api/v1/sessions')) return session(request, response, text);
  if (users && !who && url.pathname !== '/api/v1/server')
    throw new Refuse(401, 'unauthenticated', 'Sign in first.');
  if (users && request.method !== 'GET' && request.headers['x-csrf-token'] !== `csrf-${who.name}`)
    throw new Refuse(403, 'permission_denied', 'The CSRF token is missing.');
  if (url.pathname === '/api/v1/events/stream') {
    response
      .writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
      .write(': here\n\n');
    streams.add(response);
    return response.on('close', () => streams.delete(response));
  }
  const key =
    request.headers['idempotency-key'] &&
    `${request.method} ${url.pathname} ${request.headers['idempotency-key']}`;
  if (replies.has(key)) return send(response, ...replies.get(key));
  for (const [method, pattern, run] of routes) {
    const at = method === request.method ? match(pattern, url.pathname) : null;
    if (!at) continue;
    const result = run({ at, url, who, name: who?.name ?? 'you', ...parse(request, text) });
    const reply = Array.isArray(result) ? result : [200, result];
    if (key) replies.set(key, reply);
    return send(response, ...reply);
  }
  throw missing(`There is no route ${request.method} ${url.pathname}.`);
}

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
async function asset(response, path) {
  const file = extname(path) in types ? path : '/index.html';
  const body = await readFile(join(page, file)).catch(() => null);
  if (!body) return send(response, 404, { error: { code: 'not_found', message: 'No such file.' } });
  response
    .writeHead(200, {
      'Content-Type': types[extname(file)],
      'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    })
    .end(body);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://local');
  if (!/^\/(api|v2)\//.test(url.pathname)) return void asset(response, url.pathname);
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    try {
      answer(request, response, url, Buffer.concat(parts).toString('utf8'));
    } catch (error) {
      const status = error.status ?? 500;
      send(response, status, {
        error: { code: error.code ?? 'internal', message: error.message, request_id: 'dev' },
      });
      if (status === 500) console.error(error);
    }
  });
});

if (!process.argv.includes('--empty')) {
  const sets = {
    'support-routing': messages(400),
    'income-check': incomes(300),
    'shape-sorting': shapes(60),
    'just-begun': {
      classes: ['yes', 'no'],
      rows: messages(40).rows.map((one) => ({ ...one, truth: 'yes' })),
    },
  };
  const given = {
    'support-routing': {
      question: 'Which desk should answer?',
      target: 0.93,
      cost_per_hour: 28,
      group_columns: 'region',
      ssl: 'auto',
      suggestions: 'shown',
      guideline:
        '## Route to the desk that can act\n\n- **travel** Trips, visas, hotels, plugs.\n- **banking** Accounts, transfers, PIN.\n- **credit cards** Limits, rewards, lost cards.\n\n*Hard case:* “tell my bank i will be abroad” is **travel**.',
    },
    'income-check': { question: 'Does this person earn over 50,000 a year?' },
  };
  for (const [name, { classes, rows }] of Object.entries(sets)) {
    store.create({ name, classes, settings: given[name] ?? {} });
    store.add(name, rows);
  }
  store.live('support-routing', 260, 8);
  store.live('income-check', 60, 3);
}
server.listen(Number(option('--port', '8080')), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
