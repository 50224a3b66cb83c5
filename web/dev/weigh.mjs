// Weighs the built page and refuses to let it grow past its budget.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 150_000;
const folder = new URL('../dist/', import.meta.url);
const files = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((file) => /\.(js|css)$/.test(file));
const size = files.reduce(
  (sum, file) => sum + gzipSync(readFileSync(new URL(file, folder)), { level: 9 }).length,
  0,
);
console.log(
  `page: ${(size / 1000).toFixed(1)} kB of script and style, gzipped; at most ${BUDGET / 1000} kB`,
);
if (size > BUDGET) process.exit(1);
