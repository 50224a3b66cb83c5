// One person labelling one project: items held ahead, answers sent through the outbox, undo, pace and history.
import { untrack } from 'svelte';
import { Refused, Unreachable } from '../api/client';
import { giveBack, heartbeat, takeLeases } from '../api/labelling';
import { outbox } from '../api/post';
import { onChanges } from '../api/stream.svelte';
import type { Entry, Sent, Trouble } from '../api/outbox';
import type { Annotation, Id, Lease, NewAnnotation, SkipReason } from '../api/types';
import { keep, kept } from '../base/kept';
import { isKept, type Held, type Kept, type Past } from './sitting';
import { Stopwatch } from './stopwatch';

const AHEAD = 3;
const HISTORY = 10;
const PACE = 30;
export class LabelSession {
  items = $state.raw<Held[]>([]);
  history = $state.raw<Past[]>([]);
  seconds = $state.raw<number[]>([]);
  answered = $state(0);
  worked = $state(0);
  reason = $state<string | null>(null);
  remaining = $state<number | null>(null);
  flag = $state(false);
  comment = $state('');
  waiting = $state.raw<Entry[]>([]);
  trouble = $state<Trouble>('none');
  storageBroken = $state(false);
  fetching = $state(false);
  away = $state(false);
  failure = $state.raw<Refused | null>(null);
  last = $state.raw<Annotation | null>(null);
  current = $derived<Held | null>(this.items[0] ?? null);
  unsent = $derived(this.waiting.filter((entry) => entry.refused === null).length);
  refused = $derived(this.waiting.filter((entry) => entry.refused !== null));

  private watch = new Stopwatch();
  private unsettled = new Set<Id>(); // Examples whose answer the server has not confirmed.
  private seen = new Set<Id>(); // Answered since the last question for examples was asked.
  private saving = new Map<Past, Promise<unknown>>();
  private beat: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private ends: (() => void)[] = [];
  private over = false;

  constructor(readonly project: string) {}
  start(): void {
    this.restore();
    outbox.onSent = (sent) => this.taken(sent);
    outbox.onState = () => void this.look();
    const back = () => {
      void outbox.flush();
      void this.fill();
    };
    addEventListener('online', back);
    this.ends = [
      () => removeEventListener('online', back),
      onChanges(this.project, () => this.items.length <= AHEAD && void this.fill()),
      this.watch.listen(),
    ];
    void this.begin();
    void this.keepAlive();
  }

  // What waits from an earlier visit is known before anything is asked for.
  private async begin(): Promise<void> {
    await this.look();
    for (const entry of this.waiting)
      if (entry.kind === 'annotate') this.unsettled.add(entry.example_id);
    void outbox.flush();
    void this.fill();
  }

  /** Leaves the page: what is held goes back, so that others need not wait for it. */
  stop(): void {
    this.over = true;
    for (const end of this.ends) end();
    clearTimeout(this.beat);
    clearTimeout(this.retry);
    outbox.onSent = () => {};
    outbox.onState = () => {};
    for (const item of this.items) {
      if (item.lease_id !== null) giveBack(this.project, item.lease_id).catch(() => {});
    }
    keep(sessionStorage, this.place, { ...this.snapshot(), items: [] });
  }

  answer(value: string): boolean {
    return this.send({ value }, value, null);
  }

  skip(reason: SkipReason): boolean {
    return this.send({ skip_reason: reason }, null, reason);
  }

  /** Takes back the newest answer, or the one given, and shows its item again. */
  async undo(past: Past | undefined = this.history[0]): Promise<boolean> {
    if (!past || !this.history.includes(past)) return false;
    this.unsettled.delete(past.item.example.id);
    this.history = this.history.filter((one) => one !== past);
    await this.saving.get(past);
    const result = await outbox.undo(
      this.project,
      past.item.example.id,
      past.seq,
      past.annotation_id,
    );
    const lease_id = result === 'unsent' ? past.item.lease_id : null;
    this.items = [{ ...past.item, lease_id }, ...this.items];
    this.answered = Math.max(0, this.answered - 1);
    if (this.remaining !== null) this.remaining += 1;
    this.began();
    return true;
  }

  async fill(): Promise<void> {
    if (this.items.length > AHEAD || this.fetching || this.over) return;
    this.fetching = true;
    clearTimeout(this.retry);
    // The server hands out what is held already first, and so does not know of answers on their way.
    this.seen = new Set(this.unsettled);
    try {
      const leases = await takeLeases(this.project, AHEAD + 1 + this.seen.size);
      this.away = false;
      this.failure = null;
      this.take(leases.items);
      this.reason = leases.reason;
      // What comes back although it is answered is counted as waiting still.
      const stale = leases.items.filter((lease) => this.seen.has(lease.example.id)).length;
      this.remaining = leases.remaining - stale;
    } catch (error) {
      if (error instanceof Refused) this.failure = error;
      else if (error instanceof Unreachable) this.away = true;
      else throw error;
      if (!(error instanceof Refused) || error.status >= 500)
        this.retry = setTimeout(() => void this.fill(), 5000);
    } finally {
      this.fetching = false;
    }
  }

  private take(leases: Lease[]): void {
    // A server may hand the same person what they hold already; what is answered is not shown again.
    const known = new Set([...this.items.map((item) => item.example.id), ...this.seen]);
    const fresh = leases.filter((lease) => !known.has(lease.example.id));
    const wasEmpty = this.items.length === 0;
    this.items = [...this.items, ...fresh];
    if (wasEmpty && fresh.length) this.began();
    else this.save();
  }

  private send(
    answer: Partial<NewAnnotation>,
    value: string | null,
    skip: SkipReason | null,
  ): boolean {
    const item = this.current;
    if (!item) return false;
    const seconds = this.watch.read();
    const body: NewAnnotation = {
      ...answer,
      example_id: item.example.id,
      seconds,
      suggestion_shown: item.suggestion_shown && item.suggestion !== null,
    };
    if (item.lease_id !== null) body.lease_id = item.lease_id;
    if (this.comment.trim()) body.comment = this.comment.trim();
    if (this.flag) body.flag = true;
    const past: Past = { item, value, skip, seq: null, annotation_id: null };
    const before = { items: this.items, history: this.history };
    this.unsettled.add(item.example.id);
    this.seen.add(item.example.id);
    this.items = this.items.slice(1);
    this.history = [past, ...this.history].slice(0, HISTORY);
    this.seconds = [...this.seconds, seconds].slice(-PACE);
    this.answered += 1;
    this.worked += seconds;
    if (this.remaining !== null) this.remaining = Math.max(0, this.remaining - 1);
    this.began();
    const stored = this.store(past, body, before).finally(() => this.saving.delete(past));
    this.saving.set(past, stored);
    return true;
  }

  private async store(
    past: Past,
    body: NewAnnotation,
    before: { items: Held[]; history: Past[] },
  ): Promise<void> {
    try {
      past.seq = await outbox.answer(this.project, body);
      this.storageBroken = false;
      this.save();
      void this.fill();
    } catch {
      this.unsettled.delete(past.item.example.id);
      this.storageBroken = true;
      this.items = before.items;
      this.history = before.history;
      this.answered -= 1;
    }
  }

  private taken(sent: Sent): void {
    if (sent.entry.project !== this.project) return;
    if (sent.entry.kind === 'annotate' && sent.annotation) {
      this.unsettled.delete(sent.entry.example_id);
      const past = this.history.find(
        (one) => one.item.example.id === sent.entry.example_id && one.annotation_id === null,
      );
      if (past) past.annotation_id = sent.annotation.id;
      this.last = sent.annotation;
    } else if (sent.lease) {
      const lease = sent.lease;
      this.items = this.items.map((item) =>
        item.example.id === lease.example.id
          ? { ...item, lease_id: lease.lease_id, expires_at: lease.expires_at }
          : item,
      );
    }
    this.save();
    void this.fill();
  }

  private async look(): Promise<void> {
    this.waiting = await outbox.waiting(this.project);
    this.trouble = outbox.trouble;
  }

  private began(): void {
    this.flag = false;
    this.comment = '';
    this.watch.begin();
    this.save();
  }

  private get place(): string {
    return `querist-label:${this.project}`;
  }

  private snapshot(): Kept {
    return untrack(() => ({
      items: this.items,
      history: this.history,
      seconds: this.seconds,
      answered: this.answered,
      worked: this.worked,
    }));
  }

  private save(): void {
    if (!this.over) keep(sessionStorage, this.place, this.snapshot());
  }

  /** A reload continues with the same item: leases that still run are taken up again. */
  private restore(): void {
    const old = kept(sessionStorage, this.place, isKept);
    if (!old) return;
    this.items = old.items.filter((item) => Date.parse(item.expires_at) > Date.now());
    this.history = old.history;
    this.seconds = old.seconds;
    this.answered = old.answered ?? 0;
    this.worked = old.worked ?? 0;
    this.watch.begin();
  }

  private async keepAlive(): Promise<void> {
    const held = this.items.filter((item) => item.lease_id !== null);
    await Promise.all(held.map((item) => this.beatOne(item)));
    if (this.over) return;
    const soonest = Math.min(
      ...this.items.map((item) => Date.parse(item.expires_at) - Date.now()),
      180_000,
    );
    this.beat = setTimeout(
      () => void this.keepAlive(),
      Math.max(2000, Math.min(60_000, soonest / 3)),
    );
  }

  private async beatOne(item: Held): Promise<void> {
    try {
      const reply = await heartbeat(this.project, item.lease_id as Id);
      const expires_at = reply?.expires_at;
      if (expires_at)
        this.items = this.items.map((one) =>
          one.lease_id === item.lease_id ? { ...one, expires_at } : one,
        );
    } catch (error) {
      if (!(error instanceof Refused) || ![404, 409, 410].includes(error.status)) return;
      // Lost: what is on screen stays and is answered without a lease; what waits behind it is let go.
      const shown = this.items[0];
      this.items = this.items
        .filter((one) => one === shown || one.lease_id !== item.lease_id)
        .map((one) => (one.lease_id === item.lease_id ? { ...one, lease_id: null } : one));
      void this.fill();
    }
  }
}
