// How a class looks: a swatch beside its name for the first twelve, the name only above.

export function swatch(index: number): string | null {
  return index >= 0 && index < 12 ? `var(--c${index + 1})` : null;
}

/** The key of a class as it is written on its button: 1 to 9, 0, then Shift with the same. */
export function keyOf(index: number): string | null {
  if (index < 0 || index >= 20) return null;
  const digit = String((index + 1) % 10);
  return index < 10 ? digit : `⇧${digit}`;
}
