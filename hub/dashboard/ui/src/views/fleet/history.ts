/** The events of one agent, newest first: what the hub keeps, and what comes in. */
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import type { HubEvent } from '@/api/types'
import { placeNow, readPage } from '@/components/eventPages'
import { readBack } from '@/components/older'

const MOST_KEPT = 200

/** Both together, newest first, each once, and not more than are kept. */
export function merged(known: readonly HubEvent[], more: readonly HubEvent[]): HubEvent[] {
  const bySeq = new Map([...known, ...more].map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, MOST_KEPT)
}

export interface History {
  readonly events: ShallowRef<HubEvent[]>
  readonly error: ShallowRef<unknown>
  /** There may be older events than those that were read. */
  readonly isCut: Ref<boolean>
  readonly load: (id: string) => Promise<void>
  readonly add: (events: readonly HubEvent[]) => void
}

export function useHistory(): History {
  const events = shallowRef<HubEvent[]>([])
  const error = shallowRef<unknown>(null)
  const isCut = ref(false)
  let asked = new AbortController()

  async function load(id: string): Promise<void> {
    asked.abort()
    asked = new AbortController()
    const { signal } = asked
    events.value = []
    error.value = null
    isCut.value = false
    try {
      const { epoch, newest, oldest } = await placeNow(signal)
      const found = await readBack((after) => readPage(epoch, after, { entity: id }, signal), newest + 1, oldest)
      if (signal.aborted) return
      add(found.events)
      isCut.value = found.from > oldest
    } catch (problem) {
      if (!signal.aborted) error.value = problem
    }
  }

  function add(more: readonly HubEvent[]): void {
    if (more.length > 0) events.value = merged(events.value, more)
  }

  onScopeDispose(() => asked.abort())
  return { events, error, isCut, load, add }
}
