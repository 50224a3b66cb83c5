// Checks the page's law: folders import downwards only (pages, annotate, parts, api, base),
// and only api/ talks to the net.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../src');
const floors = { base: 1, api: 2, parts: 3, annotate: 4, pages: 5 };
const LINES = 300;
const problems = [];

const files = readdirSync(root, { recursive: true })
  .map(String)
  .filter((file) => /\.(ts|svelte)$/.test(file));
for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8');
  const folder = file.includes('/') ? file.split('/')[0] : null;
  const floor = folder === null ? 6 : floors[folder];
  if (floor === undefined) problems.push(`${file}: src/${folder} is not a folder of the house`);
  for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)) {
    const path = relative(root, resolve(root, dirname(file), target));
    const other = path.includes('/') ? path.split('/')[0] : null;
    // strings.ts is the catalogue that every folder but base may read.
    const height = other === null ? (path === 'strings' ? 2 : 6) : (floors[other] ?? 0);
    if (height > floor && floor < 6) problems.push(`${file} imports ${path}: upwards`);
  }
  if (
    folder !== 'api' &&
    /\b(fetch|XMLHttpRequest|EventSource|WebSocket|sendBeacon)\s*\(/.test(text)
  ) {
    problems.push(`${file} talks to the net: only api/ may`);
  }
  if (/\{@html|innerHTML|\beval\(|new Function/.test(text))
    problems.push(`${file} turns text into code or markup`);
  if (/https?:\/\/(?!www\.w3\.org)/.test(text)) problems.push(`${file} names an address outside`);
  const lines = text.split('\n').length;
  if (lines > LINES && !file.endsWith('strings.ts'))
    problems.push(`${file} has ${lines} lines, more than ${LINES}`);
}

if (problems.length) {
  console.error(problems.join('\n'));
  process.exit(1);
}
