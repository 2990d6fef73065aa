import { fileURLToPath } from 'node:url'

import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

import './tools/node20.mjs'
import { buildId, fontPreload, precompress } from './tools/plugins.mjs'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const hub = process.env.CORRAL_URL ?? 'http://127.0.0.1:8420'

export default defineConfig({
  base: '/dashboard/',
  plugins: [vue(), tailwindcss(), buildId(here('src')), fontPreload('inter'), precompress()],
  // Parts of Vue that nothing here uses.
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  resolve: { alias: { '@': here('src') } },
  build: {
    outDir: here('../static'),
    emptyOutDir: true,
    // Inlined files are data: addresses, which the page's policy refuses for all but pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What screens share is two files, for many small ones compress badly, and each is a request:
    // one with what the first screen needs as well, one with lists, dialogs and acts.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'frame', test: /[\\/](stores[\\/](keys|chords)|components[\\/](ErrorNote|PopOver)|icons[\\/](bot|search|circle-alert)\.)/, priority: 3 },
            { name: 'frame', test: /[\\/]ui[\\/]src[\\/]/, minShareCount: 5, priority: 2 },
            {
              name: 'parts',
              test: /[\\/]components[\\/](AppTabs|bulk|Confirm|events|Filter|fleet|Inspector|JsonView|News|older|pause|Row|Saved|Tick|useHold|useNarrow|virtual|Virtual)/,
              minShareCount: 2,
              priority: 1,
            },
          ],
        },
      },
    },
  },
  server: {
    // The name that the browser calls goes on to the hub: it compares it with the page's origin.
    proxy: { '/api': { target: hub }, '/health': { target: hub }, '/ready': { target: hub }, '/ws': { target: hub, ws: true } },
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
    restoreMocks: true,
  },
})
