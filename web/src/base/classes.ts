// How a class looks: a swatch beside its name for the first twelve, the name only above.

export function swatch(index: number): string | null {
  return index >= 0 && index < 12 ? `var(--c${index + 1})` : null;
}

/**
 * Which class each key from 1 to 9 and 0 stands for, then the same with Shift. Classes that are named by digits have
 * the key of their name, so that nobody has to press 3 for "1"; all others follow their order.
 */
export function keyOrder(classes: string[]): (number | undefined)[] {
  if (!classes.length || classes.some((name) => !/^\d$/.test(name)))
    return classes.slice(0, 20).map((_, index) => index);
  return [...'1234567890'].map((digit) => {
    const index = classes.indexOf(digit);
    return index < 0 ? undefined : index;
  });
}

/** The key of a class as it is written on its button: 1 to 9, 0, then Shift with the same. */
export function keyOf(index: number, classes: string[]): string | null {
  const place = keyOrder(classes).indexOf(index);
  if (place < 0) return null;
  const digit = String((place + 1) % 10);
  return place < 10 ? digit : `⇧${digit}`;
}
