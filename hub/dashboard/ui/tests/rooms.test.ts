import { expect, it } from 'vitest'

/** What each room may import, as README.md tells it. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  api: [],
  stores: ['api'],
  live: ['api', 'stores'],
  components: ['api', 'live', 'stores'],
  charts: ['api', 'components', 'live', 'stores'],
  views: ['api', 'charts', 'components', 'live', 'stores'],
}
const MOST_LINES = 300

const sources = import.meta.glob<string>('/src/*/**/*.{ts,vue,css}', { query: '?raw', import: 'default', eager: true })
const written = Object.entries(sources).filter(([path]) => path !== '/src/api/schema.ts' && !path.startsWith('/src/styles/'))

/** The room of a path below src; each screen is a room of its own. */
function roomOf(path: string): string {
  const [room = '', screen] = path.split('/')
  return room === 'views' && !screen?.includes('.') ? `${room}/${screen}` : room
}

function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:from|import\(?) ?'@\/([^']+)'/g)].map(([, path]) => roomOf(path!))
}

/** Imports that go where they may not, and paths that climb out of a folder. */
function trespasses([path, source]: readonly [string, string]): string[] {
  const room = roomOf(path.slice('/src/'.length))
  const may = [room, ...(MAY[room.split('/')[0]!] ?? [])]
  const strangers = importsOf(source).filter((other) => !may.includes(other))
  if (/from '\.\.\//.test(source)) strangers.push('../')
  return strangers.map((other) => `${path} imports ${other}`)
}

it('lets each room import what it may, and no screen another', () => {
  expect(written.length).toBeGreaterThan(100)
  expect(written.flatMap(trespasses)).toEqual([])
})

it('has no file that is too long to be read', () => {
  const long = written.filter(([, source]) => source.trimEnd().split('\n').length > MOST_LINES)
  expect(long.map(([path]) => path)).toEqual([])
})
