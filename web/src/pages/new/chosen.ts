// A chosen file, looked at: its first rows, what its columns look like, and what would not import.
import { look, toExample, type Look, type Roles } from '../../base/roles';
import { formatOf, readRows, type Cells, type FileFormat } from '../../base/table_file';
import { strings } from '../../strings';

export interface Chosen {
  file: File;
  format: FileFormat;
  gzip: boolean;
  rows: { row: number; cells: Cells }[];
  bad: { row: number; problem: string }[];
  whole: boolean; // Every row was read.
  looks: Look[];
}

// Files up to this size are looked at whole, so that the checks count every row.
const WHOLE_BYTES = 8_000_000;
const FIRST_ROWS = 1000;

export async function open(file: File): Promise<Chosen | null> {
  const found = formatOf(file.name);
  if (!found) return null;
  const rows: Chosen['rows'] = [];
  const bad: Chosen['bad'] = [];
  let whole = true;
  for await (const row of readRows(file, found.format, found.gzip)) {
    if ('problem' in row) bad.push(row);
    else rows.push(row);
    if (file.size > WHOLE_BYTES && rows.length + bad.length >= FIRST_ROWS) {
      whole = false;
      break;
    }
  }
  const names = [...new Set(rows.slice(0, FIRST_ROWS).flatMap((row) => Object.keys(row.cells)))];
  const first = rows.slice(0, FIRST_ROWS);
  return {
    file,
    ...found,
    rows,
    bad,
    whole,
    looks: names.map((name) =>
      look(
        name,
        first.map((row) => row.cells[name] ?? ''),
      ),
    ),
  };
}

export interface Checks {
  ready: number;
  repeated: number;
  problems: { row: number; problem: string }[];
}

export function check(chosen: Chosen, roles: Roles): Checks {
  const seen = new Set<string>();
  const problems = chosen.bad.map(({ row }) => ({ row, problem: strings.import.problems.badRow }));
  let ready = 0;
  let repeated = 0;
  for (const { row, cells } of chosen.rows) {
    const example = toExample(cells, roles);
    if ('empty' in example) {
      problems.push({
        row,
        problem:
          example.empty === null ? strings.import.noRow : strings.import.noText(example.empty),
      });
      continue;
    }
    // With ids a row is who it says it is; without, it is what it holds.
    const content = example.external_id ?? example.text ?? JSON.stringify(example.columns);
    if (seen.has(content)) repeated += 1;
    else {
      seen.add(content);
      ready += 1;
    }
  }
  return { ready, repeated, problems: problems.sort((a, b) => a.row - b.row) };
}

export function looksLike(one: Look): string {
  const words = strings.import.looks;
  if (one.kind === 'few') {
    const names = one.distinct.slice(0, 4).join(', ');
    return words.few(one.distinct.length, one.distinct.length > 4 ? `${names}, …` : names);
  }
  return one.kind === 'text' ? words.text(one.characters) : words[one.kind];
}
