/** One card of each column is a stop of Tab; arrows go on from it. Columns may be long. */
import { shallowRef } from 'vue'

import type { StateName } from '@/api/types'

export function useCardStops() {
  const stops = shallowRef<ReadonlyMap<StateName, string>>(new Map())

  /** The card that Tab reaches: the last one that had the keyboard, or else the first. */
  function stopOf(state: StateName, rows: readonly { id: string }[]): string | undefined {
    const last = stops.value.get(state)
    return rows.some(({ id }) => id === last) ? last : rows[0]?.id
  }

  function stay(state: StateName, id: string): void {
    if (stops.value.get(state) !== id) stops.value = new Map(stops.value).set(state, id)
  }

  return { stopOf, stay }
}

/** Goes from card to card, if the key says so. */
export function walk(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
  const column = event.currentTarget as HTMLElement
  const cards = [...column.querySelectorAll<HTMLElement>('.board-card')]
  const here = cards.findIndex((card) => card.contains(event.target as Node))
  const places: Record<string, number> = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: cards.length - 1 }
  const card = cards[places[event.key] ?? -1]
  if (card === undefined) return
  event.preventDefault()
  card.querySelector('button')?.focus()
}
