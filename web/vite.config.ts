// Builds the page: one small bundle of hashed files, nothing inlined, so that a strict content policy holds.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2022' },
  server: {
    host: '127.0.0.1',
    port: 5173,
    // The host stays as the browser sent it, so that the server's same-origin check sees the truth.
    proxy: { '/api': { target: process.env.QUERIST_URL ?? 'http://127.0.0.1:8080', changeOrigin: false } },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
