// Writes src/api/schema.ts from the published JSON Schema, so that hub and page cannot drift.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { compile } from 'json-schema-to-typescript'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const document = JSON.parse(readFileSync(here('../../../../schemas/json/http.json'), 'utf8'))

/** Rewrites what the generator does not know (tuples of 2020-12) or takes too far (titles, lengths of lists). */
function plain(schema, isTop = false) {
  if (Array.isArray(schema)) return schema.map((part) => plain(part))
  if (schema === null || typeof schema !== 'object') return schema
  const { prefixItems, pattern: _pattern, minItems: _least, maxItems: _most, ...rest } = schema
  if (!isTop && typeof rest.title === 'string') delete rest.title
  const made = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, plain(value)]))
  if (!prefixItems) return made
  delete made.items
  return { ...made, items: prefixItems.map((item) => plain(item)), minItems: prefixItems.length, maxItems: prefixItems.length }
}

/** What travels as an array of named values, and the same as an object: `AgentRow` gives `NamedAgentRow`. */
const rows = Object.entries(document.$defs).filter(([, schema]) => schema.prefixItems?.every((item) => item.title))

function named([name, { description, prefixItems }]) {
  const properties = Object.fromEntries(prefixItems.map((item) => [item.title, open(plain(item))]))
  return [`Named${name}`, { description, type: 'object', properties, required: Object.keys(properties) }]
}

/** An object of which nothing is known may hold anything. */
function open(schema) {
  return schema.type === 'object' && !('additionalProperties' in schema) ? { ...schema, additionalProperties: true } : schema
}

const definitions = Object.fromEntries([
  ...Object.entries(document.$defs).map(([name, schema]) => [name, plain(schema, true)]),
  ...rows.map(named),
])
const made = await compile(
  { title: 'Everything', type: 'object', additionalProperties: false, $defs: definitions,
    properties: Object.fromEntries(Object.keys(definitions).map((name) => [name, { $ref: `#/$defs/${name}` }])) },
  'Everything',
  { additionalProperties: false, bannerComment: '// Made by `npm run types` from schemas/json; never by hand.', format: false, unknownAny: true },
)

/** The names of the fields of rows that travel as arrays, in their order. */
const orders = rows.map(([name, schema]) => {
  const fields = schema.prefixItems.map((item) => `'${item.title}'`).join(', ')
  return `export const ${name}Fields = [${fields}] as const\n`
})

/** What a filter of events may be asked for: the page proposes it, so it needs more than the type. */
const { items } = document.$defs.EventQuery.properties.type.anyOf.find((kind) => kind.type === 'array')
const selectors = `export const EventSelectors = ${JSON.stringify(items.enum)} as const\n`

writeFileSync(here('../src/api/schema.ts'), `${made}\n${orders.join('')}${selectors}`)
