// Something asked of the server: its value, its error, and whether the wait is long enough to show.

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<Error | null>(null);
  slow = $state(false);
  private turn = 0;

  /** Asks anew; of two questions in flight only the later one counts. Old values stay until the new one is here. */
  async load(ask: () => Promise<T>): Promise<void> {
    const turn = ++this.turn;
    const timer = setTimeout(() => {
      if (turn === this.turn && this.value === null) this.slow = true;
    }, 150);
    try {
      const value = await ask();
      if (turn !== this.turn) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (turn !== this.turn) return;
      this.error = error instanceof Error ? error : new Error(String(error));
    } finally {
      clearTimeout(timer);
      if (turn === this.turn) this.slow = false;
    }
  }

  clear(): void {
    this.turn += 1;
    this.value = null;
    this.error = null;
  }
}
