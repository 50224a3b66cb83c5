// Small values kept in the browser, read back with a check; a browser that keeps nothing is no error.

export function keep(area: Storage, key: string, value: unknown): void {
  try {
    if (value === null) area.removeItem(key);
    else area.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden storage costs comfort only: answers are kept elsewhere.
  }
}

export function kept<T>(
  area: Storage,
  key: string,
  check: (value: unknown) => value is T,
): T | null {
  try {
    const text = area.getItem(key);
    if (text === null) return null;
    const value: unknown = JSON.parse(text);
    return check(value) ? value : null;
  } catch {
    return null;
  }
}
