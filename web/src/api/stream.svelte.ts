// The server's own word that something changed. A hidden page lets go of its line and catches up when it is seen again.
import type { Change } from './types';

type Listener = (change: Change | null) => void;

class Stream {
  connected = $state(false);
  tried = $state(false);  // The first try is over; until then being unconnected is no news.
  private source: EventSource | null = null;
  private listeners = new Set<Listener>();
  private seen = false;  // Whether changes may have been missed since the line was last open.

  start(): () => void {
    const onVisible = () => (document.hidden ? this.close() : this.open());
    document.addEventListener('visibilitychange', onVisible);
    onVisible();
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      this.close();
    };
  }

  /** Called with each change, and with null when changes may have been missed. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private open(): void {
    if (this.source) return;
    const source = new EventSource('/api/v1/events/stream');
    this.source = source;
    source.onopen = () => {
      this.connected = true;
      this.tried = true;
      if (this.seen) this.tell(null);
      this.seen = true;
    };
    source.onerror = () => {
      this.connected = false;
      this.tried = true;
      // A line that the server refused is not tried again by the browser; ours is, gently.
      if (source.readyState === EventSource.CLOSED && this.source === source) {
        this.source = null;
        setTimeout(() => !document.hidden && this.listeners.size && this.open(), 5000);
      }
    };
    source.addEventListener('change', (event) => {
      try {
        this.tell(JSON.parse((event as MessageEvent<string>).data) as Change);
      } catch {
        this.tell(null);
      }
    });
  }

  private close(): void {
    this.source?.close();
    this.source = null;
    this.connected = false;
  }

  private tell(change: Change | null): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}

export const stream = new Stream();

/** Calls back once for a burst of changes of one project (or of all), at most every half second. */
export function onChanges(project: string | null, react: (kinds: Set<string>) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let kinds = new Set<string>();
  const stop = stream.listen((change) => {
    if (change && project !== null && change.project !== null && change.project !== project) return;
    kinds.add(change?.kind ?? 'missed');
    timer ??= setTimeout(() => {
      timer = undefined;
      const told = kinds;
      kinds = new Set();
      react(told);
    }, 250);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
