// Fails when the page has become too heavy. Run it after a build.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const FIRST_KB = 110
const TOTAL_KB = 220
const FONT_KB = 90

const folder = fileURLToPath(new URL('../../static/', import.meta.url))
const assets = join(folder, 'assets')
const names = readdirSync(assets)
const kb = (bytes) => Math.round(bytes / 100) / 10
const weight = (name) => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length
const ofKind = (...ends) => names.filter((name) => ends.some((end) => name.endsWith(end)))

/** A file and all it imports without waiting for a click. */
function withImports(name, seen = new Set()) {
  if (seen.has(name)) return seen
  seen.add(name)
  if (!name.endsWith('.js')) return seen
  const text = readFileSync(join(assets, name), 'utf8')
  for (const [, other] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) withImports(other, seen)
  return seen
}

const html = readFileSync(join(folder, 'index.html'), 'utf8')
const first = new Set()
for (const [, name] of html.matchAll(/assets\/([\w.-]+\.(?:js|css))/g)) withImports(name, first)
for (const name of names.filter((name) => /^OverviewView-[\w-]+\.(js|css)$/.test(name))) withImports(name, first)

const sums = {
  'first route': [[...first].reduce((sum, name) => sum + weight(name), 0), FIRST_KB],
  total: [ofKind('.js', '.css').reduce((sum, name) => sum + weight(name), 0), TOTAL_KB],
  fonts: [ofKind('.woff2').reduce((sum, name) => sum + statSync(join(assets, name)).size, 0), FONT_KB],
}
for (const [name, [bytes, most]] of Object.entries(sums)) console.log(`${name}: ${kb(bytes)} of ${most} kB`)
if (Object.values(sums).some(([bytes, most]) => bytes > most * 1000)) {
  console.error('The page is heavier than its budget.')
  process.exit(1)
}
