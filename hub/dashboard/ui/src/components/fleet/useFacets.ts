/** The counts beside the filter: what each value would leave of the agents that pass otherwise. */
import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue'

import type { FilterKey, Token } from '@/components/filters'
import { useLive } from '@/live/live'

import { compile, facets, FILTER_KEYS, type Facet } from './filters'

/** Nobody reads numbers that change more often. */
const EVERY_MS = 1_000

export interface Facets {
  readonly statuses: ShallowRef<readonly Facet[]>
  /** What the filter knows; the values of a key are counted while somebody types. */
  readonly keys: readonly FilterKey[]
}

export function useFacets(tokens: Readonly<Ref<readonly Token[]>>): Facets {
  const live = useLive()
  const statuses = shallowRef<readonly Facet[]>([])
  let timer: ReturnType<typeof setTimeout> | null = null

  function values(key: string): Facet[] {
    const { offers } = live
    const others = tokens.value.filter((token) => token.key !== key)
    const passes = compile(others, offers)
    return facets(key, [...live.agents.values()].filter(passes), offers)
  }

  function count(): void {
    timer = null
    statuses.value = values('status')
  }

  watch(tokens, count, { immediate: true })
  watch(live.tick, () => {
    if (statuses.value.length === 0) count()
    else timer ??= setTimeout(count, EVERY_MS)
  })
  onScopeDispose(() => timer !== null && clearTimeout(timer))
  return { statuses, keys: FILTER_KEYS.map((known) => ({ ...known, values: () => values(known.key) })) }
}
