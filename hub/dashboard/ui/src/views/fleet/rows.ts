/**
 * The rows of the table: which agents pass, in which order, and when that order may change.
 *
 * What a row shows is always of now. Where it stands is not: while somebody points at the
 * table, has scrolled it or works in it, the order stays, and what would change is counted.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import type { Token } from '@/components/filters'
import { compile } from '@/components/fleet/filters'
import { useLive } from '@/live/live'

import { arrange, changes, comparing, isSame, type Sort } from './order'

/** Sorting 10,000 rows in every frame would cost more than all else together. */
const EVERY_MS = 500

export interface FleetRows {
  /** The ids in the order that is shown. */
  readonly shown: Readonly<Ref<readonly string[]>>
  /** How many rows would come, go or move. */
  readonly waiting: Readonly<Ref<number>>
  /** Agents that pass now, whether they are shown already or not. */
  readonly matching: () => string[]
  /** Shows the order of now, although the table is held. */
  readonly catchUp: () => void
}

export function useFleetRows(
  tokens: Readonly<Ref<readonly Token[]>>,
  sort: Readonly<Ref<Sort>>,
  isHeld: Readonly<Ref<boolean>>,
): FleetRows {
  const live = useLive()
  const shown = shallowRef<readonly string[]>([])
  const waiting = ref(0)
  const asked = computed(() => JSON.stringify([tokens.value, sort.value]))
  let hasAny = false
  let timer: ReturnType<typeof setTimeout> | null = null

  function arranged(): string[] {
    const { offers } = live
    const passes = compile(tokens.value, offers)
    return arrange(live.agents, shown.value, passes, comparing(sort.value, offers))
  }

  function catchUp(): void {
    const next = arranged()
    if (!isSame(shown.value, next)) shown.value = next
    hasAny ||= next.length > 0
    waiting.value = 0
  }

  function look(): void {
    timer = null
    if (isHeld.value && shown.value.length > 0) waiting.value = changes(shown.value, arranged())
    else catchUp()
  }

  function lookSoon(): void {
    timer ??= setTimeout(look, EVERY_MS)
  }

  watch(asked, catchUp, { immediate: true })
  watch(live.tick, () => (hasAny ? lookSoon() : catchUp()))
  watch(isHeld, (held) => held || lookSoon())
  onScopeDispose(() => timer !== null && clearTimeout(timer))
  return { shown, waiting, matching: arranged, catchUp }
}
