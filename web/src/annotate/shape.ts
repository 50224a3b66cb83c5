// How the choices are laid out: columns and rows by the number of classes, so that their places never change.

/** Above this many classes a field finds them, in a box that scrolls. */
export const MANY = 20;

export interface Shape {
  columns: number;
  rows: number;
  rowsSmall: number; // In the two columns of a small screen.
}

export function shapeOf(classes: number): Shape {
  const columns = classes > 10 || classes === 3 ? 3 : 2;
  const rows =
    classes <= 3 ? 1 : classes <= 4 ? 2 : classes <= 10 ? 5 : Math.ceil(classes / columns);
  return { columns, rows, rowsSmall: Math.ceil(classes / 2) };
}

/** Rows of choices that the item above them has to leave room for. */
export function roomFor(classes: number): { rows: number; rowsSmall: number } {
  const many = classes > MANY;
  const { rows, rowsSmall } = shapeOf(classes);
  return { rows: many ? 6 : rows, rowsSmall: many ? 6 : rowsSmall };
}
