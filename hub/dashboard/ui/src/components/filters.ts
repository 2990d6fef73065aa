/**
 * The grammar of filters: `status:working cap:gpu -host:build-7 "free text"`.
 *
 * A word with a colon is a token, a leading `-` turns it round, quotes keep spaces together.
 * What is written is what is kept in the address, so that a link shows the same.
 */
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

export interface Token {
  /** Null for free text. */
  key: string | null
  value: string
  negated: boolean
}

/** What may stand before a colon, and what after it. */
export interface FilterKey {
  key: string
  label: string
  /** The values worth proposing, with how many things have each. */
  values?: () => readonly { value: string; count?: number }[]
}

/** Words end at a space of ASCII, as they do in the hub: what Unicode calls a space differs. */
const WORD = /(-?)(?:([a-z_]+):)?(?:"((?:[^"\\]|\\.)*)"?|([^ \t\n\r\f\v]+))/gi

export function parseFilter(text: string): Token[] {
  return [...text.matchAll(WORD)].map(([, minus, key, quoted, bare]) => ({
    key: key?.toLowerCase() ?? null,
    value: quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1'),
    negated: minus === '-',
  }))
}

export function writeToken({ key, value, negated }: Token): string {
  const isPlain = /^[^ \t\n\r\f\v"]+$/.test(value) && !(key === null && /^-|^[a-z_]+:/i.test(value))
  const text = isPlain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
  return `${negated ? '-' : ''}${key === null ? '' : `${key}:`}${text}`
}

export function writeFilter(tokens: readonly Token[]): string {
  return tokens.map(writeToken).join(' ')
}

/** The filter of this screen, kept in the address; changing it leaves no trail in the history. */
export function useFilterText(name = 'q'): WritableComputedRef<string> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => {
      const given = route.query[name]
      return (Array.isArray(given) ? given[0] : given) ?? ''
    },
    set: (text) => {
      const { [name]: _old, ...others } = route.query
      void router.replace({ query: text === '' ? others : { ...others, [name]: text }, hash: route.hash })
    },
  })
}
