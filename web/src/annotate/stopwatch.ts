// How long an answer took, not counting the time the page was out of sight.

const LONGEST = 600;

export class Stopwatch {
  private spent = 0;
  private since: number | null = null;

  constructor(private now: () => number = () => performance.now()) {}

  begin(): void {
    this.spent = 0;
    this.since = this.now();
  }

  pause(): void {
    if (this.since !== null) this.spent += this.now() - this.since;
    this.since = null;
  }

  resume(): void {
    this.since ??= this.now();
  }

  /** Seconds so far, to a tenth; an answer after a long break says little about its cost and is capped. */
  read(): number {
    const running = this.since === null ? 0 : this.now() - this.since;
    return Math.min(LONGEST, Math.round((this.spent + running) / 100) / 10);
  }

  listen(): () => void {
    const onChange = () => (document.hidden ? this.pause() : this.resume());
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }
}
