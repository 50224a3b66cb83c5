// Answers on their way: kept on the device first, sent in order, each with its Idempotency-Key, until taken.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { newKey, Refused, Unreachable } from './client';
import type { Annotation, Id, Lease, NewAnnotation } from './types';

export interface Entry {
  seq: number;
  project: string;
  kind: 'annotate' | 'undo';
  example_id: Id;
  body: NewAnnotation | null;
  undo_of: number | null; // The entry whose annotation is undone.
  annotation_id: Id | null; // The annotation to undo, where it is known already.
  key: string;
  refused: string | null; // The server's reason; such an entry waits for a person.
}

interface Schema extends DBSchema {
  outbox: { key: number; value: Omit<Entry, 'seq'> & { seq?: number } };
  sent: { key: number; value: { seq: number; annotation_id: Id } };
}

export interface Wire {
  annotate: (project: string, body: NewAnnotation, key: string) => Promise<Annotation>;
  undo: (
    project: string,
    annotation: Id,
    key: string,
  ) => Promise<{ annotation: Annotation; lease: Lease | null }>;
}

export interface Sent {
  entry: Entry;
  annotation: Annotation | null;
  lease: Lease | null;
}

export type Trouble = 'none' | 'unreachable' | 'signed_out';
const KEPT_SENT = 200;

export class Outbox {
  onSent: (sent: Sent) => void = () => {};
  onState: () => void = () => {};
  trouble: Trouble = 'none';
  private db: Promise<IDBPDatabase<Schema>>;
  private flushing: Promise<void> | null = null;
  private again = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private delay = 1000;

  constructor(
    private wire: Wire,
    name = 'querist-outbox',
  ) {
    this.db = openDB<Schema>(name, 1, {
      upgrade(db) {
        db.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true });
        db.createObjectStore('sent', { keyPath: 'seq' });
      },
    });
  }

  async answer(project: string, body: NewAnnotation): Promise<number> {
    return this.add({
      project,
      kind: 'annotate',
      example_id: body.example_id,
      body,
      undo_of: null,
      annotation_id: null,
      key: newKey(),
      refused: null,
    });
  }

  /** Takes an answer back: an unsent one just goes, a sent one is undone on the server, in its turn. */
  async undo(
    project: string,
    example: Id,
    seq: number | null,
    annotation: Id | null,
  ): Promise<'unsent' | number> {
    if (seq !== null && annotation === null) {
      await this.flushing; // An answer in flight is decided first.
      const db = await this.db;
      const tx = db.transaction(['outbox', 'sent'], 'readwrite');
      const waiting = await tx.objectStore('outbox').get(seq);
      if (waiting) {
        await tx.objectStore('outbox').delete(seq);
        await tx.done;
        this.onState();
        return 'unsent';
      }
      await tx.done;
    }
    return this.add({
      project,
      kind: 'undo',
      example_id: example,
      body: null,
      undo_of: seq,
      annotation_id: annotation,
      key: newKey(),
      refused: null,
    });
  }

  async waiting(project?: string): Promise<Entry[]> {
    const entries = (await (await this.db).getAll('outbox')) as Entry[];
    return project === undefined ? entries : entries.filter((entry) => entry.project === project);
  }

  async discard(seq: number): Promise<void> {
    await (await this.db).delete('outbox', seq);
    this.onState();
  }

  /** Tries refused entries once more, for instance after someone mended the project. */
  async insist(): Promise<void> {
    const db = await this.db;
    for (const entry of await this.waiting()) {
      if (entry.refused !== null)
        await db.put('outbox', { ...entry, refused: null, key: newKey() });
    }
    await this.flush();
  }

  /** Sends what waits, oldest first. Calls while one is running make it look once more. */
  flush(): Promise<void> {
    if (this.flushing) {
      this.again = true;
      return this.flushing;
    }
    clearTimeout(this.retry);
    this.flushing = this.run().finally(() => {
      this.flushing = null;
      this.onState();
      if (this.again) {
        this.again = false;
        void this.flush();
      }
    });
    return this.flushing;
  }

  private async add(entry: Omit<Entry, 'seq'>): Promise<number> {
    const seq = await (await this.db).add('outbox', entry);
    this.onState();
    void this.flush();
    return seq;
  }

  private async run(): Promise<void> {
    for (;;) {
      const entry = (await this.waiting()).find((one) => one.refused === null);
      if (!entry) {
        this.trouble = 'none';
        return;
      }
      if (!(await this.send(entry))) return;
    }
  }

  /** True when the next entry may follow. */
  private async send(entry: Entry): Promise<boolean> {
    const db = await this.db;
    try {
      if (entry.kind === 'annotate') {
        const annotation = await this.wire.annotate(
          entry.project,
          entry.body as NewAnnotation,
          entry.key,
        );
        await this.settle(entry, annotation.id);
        this.onSent({ entry, annotation, lease: null });
      } else {
        const id =
          entry.annotation_id ?? (await db.get('sent', entry.undo_of ?? -1))?.annotation_id ?? null;
        const reply = id === null ? null : await this.wire.undo(entry.project, id, entry.key);
        await this.settle(entry, null);
        this.onSent({ entry, annotation: reply?.annotation ?? null, lease: reply?.lease ?? null });
      }
      this.trouble = 'none';
      this.delay = 1000;
      return true;
    } catch (error) {
      return this.fail(entry, error);
    }
  }

  private async fail(entry: Entry, error: unknown): Promise<boolean> {
    const db = await this.db;
    if (error instanceof Refused && error.status === 401) {
      this.trouble = 'signed_out';
      return false;
    }
    const passing =
      error instanceof Unreachable ||
      (error instanceof Refused && (error.status >= 500 || [408, 425, 429].includes(error.status)));
    if (passing) {
      this.trouble = 'unreachable';
      this.retry = setTimeout(() => void this.flush(), this.delay);
      this.delay = Math.min(this.delay * 2, 30_000);
      return false;
    }
    if (!(error instanceof Refused)) throw error;
    if (entry.body?.lease_id !== undefined && [404, 409, 410].includes(error.status)) {
      // The lease ran out while the answer waited. The answer is still one: it is offered without the lease.
      const { lease_id: _, ...body } = entry.body;
      await db.put('outbox', { ...entry, body, key: newKey() });
      return true;
    }
    await db.put('outbox', { ...entry, refused: error.message });
    return true;
  }

  private async settle(entry: Entry, annotation: Id | null): Promise<void> {
    const tx = (await this.db).transaction(['outbox', 'sent'], 'readwrite');
    await tx.objectStore('outbox').delete(entry.seq);
    if (annotation !== null) {
      const sent = tx.objectStore('sent');
      await sent.put({ seq: entry.seq, annotation_id: annotation });
      if (entry.seq > KEPT_SENT) await sent.delete(IDBKeyRange.upperBound(entry.seq - KEPT_SENT));
    }
    await tx.done;
  }
}
