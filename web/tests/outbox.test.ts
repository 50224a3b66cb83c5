// The outbox: kept before sent, sent in order, once each, whatever the line does.
import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Refused, Unreachable } from '../src/api/client';
import { Outbox, type Wire } from '../src/api/outbox';
import type { Annotation, Id, NewAnnotation } from '../src/api/types';

const annotation = (id: Id, body: NewAnnotation): Annotation => ({
  id,
  example_id: body.example_id,
  value: body.value ?? null,
  annotator: 'you',
  created_at: '',
  seconds: null,
  suggestion_shown: false,
  comment: null,
  flag: false,
  undone: false,
  why: null,
});

/** A server that remembers keys as the real one does, and a line that may be cut before or after the server hears. */
class Server {
  stored = new Map<string, Annotation>();
  undone: Id[] = [];
  bodies: NewAnnotation[] = [];
  line: ('up' | 'down' | 'reply_lost' | Refused)[] = [];
  wire: Wire = {
    annotate: async (_, body, key) =>
      this.pass(() => {
        const before = this.stored.get(key);
        if (before) return before;
        this.bodies.push(body);
        const made = annotation(this.stored.size + 1, body);
        this.stored.set(key, made);
        return made;
      }),
    undo: async (_, id) =>
      this.pass(() => {
        this.undone.push(id);
        return { annotation: annotation(id, { example_id: 1 }), lease: null };
      }),
  };

  private pass<T>(run: () => T): T {
    const state = this.line.shift() ?? 'up';
    if (state instanceof Refused) throw state;
    if (state === 'down') throw new Unreachable();
    const reply = run();
    if (state === 'reply_lost') throw new Unreachable();
    return reply;
  }
}

let server: Server;
let outbox: Outbox;
let box = 0;

beforeEach(() => {
  server = new Server();
  box += 1;
  outbox = new Outbox(server.wire, `box-${box}`);
});

const answer = (example_id: number, value = 'a') =>
  outbox.answer('p', { example_id, value, lease_id: example_id * 10 });
const empty = () =>
  vi.waitFor(async () => expect(await outbox.waiting()).toHaveLength(0), { timeout: 5000 });

describe('answers', () => {
  test('arrive in the order they were given', async () => {
    for (let i = 1; i <= 20; i++) await answer(i);
    await empty();
    expect(server.bodies.map((body) => body.example_id)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(outbox.trouble).toBe('none');
  });

  test('wait while the line is down, survive a new page, and arrive once', async () => {
    server.line = ['down'];
    await answer(1);
    await outbox.flush();
    server.line = ['down', 'down'];
    await answer(2);
    await vi.waitFor(() => expect(outbox.trouble).toBe('unreachable'));
    const later = new Outbox(server.wire, `box-${box}`);
    expect((await later.waiting()).map((entry) => entry.example_id)).toEqual([1, 2]);
    server.line = [];
    await later.flush();
    expect(await later.waiting()).toEqual([]);
    expect(server.bodies.map((body) => body.example_id)).toEqual([1, 2]);
  });

  test('whose reply is lost are sent again with the same key and counted once', async () => {
    server.line = ['reply_lost'];
    await answer(1);
    await vi.waitFor(() => expect(outbox.trouble).toBe('unreachable'));
    await outbox.flush();
    await empty();
    expect(server.stored.size).toBe(1);
  });

  test('are tried again by themselves after a while', async () => {
    server.line = ['down'];
    await answer(1);
    await empty();
    expect(server.stored.size).toBe(1);
  });

  test('stay when the server is busy, and when the person is signed out', async () => {
    server.line = [new Refused(503, 'unavailable', 'busy', null)];
    await answer(1);
    await vi.waitFor(() => expect(outbox.trouble).toBe('unreachable'));
    server.line = [new Refused(401, 'unauthenticated', 'who', null)];
    await outbox.flush();
    expect(outbox.trouble).toBe('signed_out');
    expect(await outbox.waiting()).toHaveLength(1);
    await outbox.flush();
    await empty();
  });

  test('whose lease ran out are offered without it', async () => {
    server.line = [new Refused(409, 'conflict', 'This lease has ended.', null)];
    await answer(1);
    await empty();
    expect(server.bodies).toEqual([{ example_id: 1, value: 'a' }]);
  });

  test('that are refused are kept with the reason and do not hold up the next', async () => {
    server.line = [new Refused(400, 'invalid_argument', 'No such class.', null)];
    await answer(1);
    await answer(2);
    await vi.waitFor(() => expect(server.bodies.map((body) => body.example_id)).toEqual([2]));
    const [kept] = await outbox.waiting('p');
    expect(kept?.refused).toBe('No such class.');
    await outbox.insist();
    await empty();
    expect(server.bodies.map((body) => body.example_id)).toEqual([2, 1]);
  });
});

describe('undo', () => {
  test('of an unsent answer takes it out of the box', async () => {
    server.line = ['down', 'down'];
    const seq = await answer(1);
    await vi.waitFor(() => expect(outbox.trouble).toBe('unreachable'));
    expect(await outbox.undo('p', 1, seq, null)).toBe('unsent');
    expect(await outbox.waiting()).toEqual([]);
    expect(server.stored.size).toBe(0);
  });

  test('of a sent answer is sent in its turn, with the annotation’s id', async () => {
    const seq = await answer(1);
    await empty();
    await outbox.undo('p', 1, seq, null);
    await empty();
    expect(server.undone).toEqual([1]);
  });

  test('and the new answer keep their order across a cut line', async () => {
    const seq = await answer(1, 'old');
    await empty();
    server.line = ['down', 'down'];
    await outbox.undo('p', 1, seq, 1);
    await answer(1, 'new');
    await empty();
    expect(server.undone).toEqual([1]);
    expect(server.bodies.at(-1)?.value).toBe('new');
  });
});
