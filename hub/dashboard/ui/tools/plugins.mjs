// What the build does besides bundling: names itself, preloads the font, compresses its files.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** Files that are worth compressing; fonts and pictures are compressed already. */
const TEXT = /\.(js|css|html|svg|json|webmanifest)$/
/** Below this a compressed copy saves nothing that matters. */
const LEAST_BYTES = 512

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Gives the page a name made from its sources, and writes it where the hub finds it. */
export function buildId(source) {
  const hash = createHash('sha256')
  for (const file of filesBelow(source)) hash.update(readFileSync(file))
  const id = hash.digest('hex').slice(0, 12)
  return {
    name: 'corral-build-id',
    config: () => ({ define: { __BUILD__: JSON.stringify(id) } }),
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'build.json', source: JSON.stringify({ build: id }) })
    },
  }
}

/** Lets the browser ask for the font before it has read the style sheet. */
export function fontPreload(word) {
  return {
    name: 'corral-font-preload',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const fonts = Object.keys(bundle ?? {}).filter(
          (name) => name.endsWith('.woff2') && name.includes(word),
        )
        return fonts.map((name) => ({
          tag: 'link',
          attrs: { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: '', href: `/dashboard/${name}` },
          injectTo: 'head',
        }))
      },
    },
  }
}

/** Writes a .br and a .gz beside each text file, so that the hub never compresses at run time. */
export function precompress() {
  let folder = ''
  return {
    name: 'corral-precompress',
    apply: 'build',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir)
    },
    writeBundle() {
      for (const file of filesBelow(folder)) {
        const bytes = readFileSync(file)
        if (!TEXT.test(file) || bytes.length < LEAST_BYTES) continue
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
        writeFileSync(
          `${file}.br`,
          brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
        )
      }
    },
  }
}
