import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const server = process.env['GUICHET_SERVER'] ?? 'http://127.0.0.1:8080';
// The server allows only its own origin, so the development proxy speaks in its name.
const forwarded = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // Everything is a hashed file: a strict Content-Security-Policy allows neither inline code nor data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: {
    port: 5173,
    proxy: {
      '/ws': { ...forwarded, ws: true },
      '/rpc': forwarded,
      '/login': forwarded,
      '/logout': forwarded,
      '/media': forwarded,
      '/export': forwarded,
      '/sim': forwarded,
    },
  },
});
