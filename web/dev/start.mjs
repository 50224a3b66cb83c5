// Starts the stand-in server and the page's own development server beside it; with QUERIST_URL only the latter.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const here = fileURLToPath(new URL('..', import.meta.url));
if (!process.env.QUERIST_URL) {
  const child = spawn(process.execPath, ['dev/server.mjs', '--port', '8080'], {
    cwd: here,
    stdio: 'inherit',
  });
  process.on('exit', () => child.kill());
}
const server = await createServer({ root: here });
await server.listen();
server.printUrls();
