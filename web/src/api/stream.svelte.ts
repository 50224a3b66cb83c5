// The server's own word that something changed. A hidden page lets go of its line and catches up when it is seen again.
import type { Change } from './types';

type Listener = (change: Change | null) => void;

class Stream {
  connected = $state(false);
  tried = $state(false); // The first try is over; until then being unconnected is no news.
  private source: EventSource | null = null;
  private listeners = new Set<Listener>();
  private seen = false; // Whether changes may have been missed since the line was last open.

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

/**
 * Calls back once for a burst of changes of one project (or of all), with the names of the projects that changed;
 * null stands for "anything may have changed". Waits `pause` milliseconds, so that a busy server is not asked for each.
 */
export function onChanges(
  project: string | null,
  react: (projects: Set<string> | null) => void,
  pause = 300,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let names: Set<string> | null = new Set();
  const stop = stream.listen((change) => {
    const name = change?.project ?? null;
    if (project !== null && name !== null && name !== project) return;
    if (name === null) names = null;
    else names?.add(name);
    timer ??= setTimeout(() => {
      timer = undefined;
      const told = names;
      names = new Set();
      react(told);
    }, pause);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
