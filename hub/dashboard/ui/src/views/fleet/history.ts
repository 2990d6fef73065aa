/** The events of one agent, newest first: what the hub keeps, and what comes in. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { get } from '@/api/client'
import type { EventPage, HubEvent } from '@/api/types'
import { fromEnvelope } from '@/components/events'

const PAGE = 200
/** The list of the hub begins with the oldest: so many pages are read to come to the newest. */
const MOST_PAGES = 10
const MOST_KEPT = 200

/** Both together, newest first, each once, and not more than are kept. */
export function merged(known: readonly HubEvent[], more: readonly HubEvent[]): HubEvent[] {
  const bySeq = new Map([...known, ...more].map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, MOST_KEPT)
}

export interface History {
  readonly events: ShallowRef<HubEvent[]>
  readonly error: ShallowRef<unknown>
  /** There are later events than those that were read. */
  readonly isCut: Ref<boolean>
  readonly load: (id: string) => Promise<void>
  readonly add: (events: readonly HubEvent[]) => void
}

export function useHistory(): History {
  const events = shallowRef<HubEvent[]>([])
  const error = shallowRef<unknown>(null)
  const isCut = ref(false)
  let asked = 0

  async function load(id: string): Promise<void> {
    const mine = ++asked
    events.value = []
    error.value = null
    isCut.value = false
    try {
      let after: string | undefined
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer = await get<EventPage>('/api/v1/events', { entity: id, limit: PAGE, after })
        if (mine !== asked) return
        add(answer.items.map(fromEnvelope))
        if (answer.at_end) return
        after = answer.next_cursor
      }
      isCut.value = true
    } catch (problem) {
      if (mine === asked) error.value = problem
    }
  }

  function add(more: readonly HubEvent[]): void {
    if (more.length > 0) events.value = merged(events.value, more)
  }

  return { events, error, isCut, load, add }
}
