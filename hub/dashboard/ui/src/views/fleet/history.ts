/** The events of one agent, newest first: what the hub keeps, and what comes in. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { get } from '@/api/client'
import type { Envelope, EventPage, LiveEvent } from '@/api/types'

/** An event as the inspector lists it. */
export interface AgentEvent {
  readonly seq: number
  readonly type: string
  readonly at: number
  readonly actor: string
  readonly data: Readonly<Record<string, unknown>>
}

const PAGE = 200
/** The list of the hub begins with the oldest: so many pages are read to come to the newest. */
const MOST_PAGES = 10
const MOST_KEPT = 200

export function fromEnvelope(event: Envelope): AgentEvent {
  const data = event.payload as Record<string, unknown> | null
  return {
    seq: event.seq,
    type: event.type,
    at: Math.round(event.timestamp * 1000),
    actor: event.meta.actor_id,
    data: data ?? {},
  }
}

export function fromLive({ seq, type, at, actor, data }: LiveEvent): AgentEvent {
  return { seq, type, at, actor, data }
}

/** Both together, newest first, each once, and not more than are kept. */
export function merged(known: readonly AgentEvent[], more: readonly AgentEvent[]): AgentEvent[] {
  const bySeq = new Map([...known, ...more].map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, MOST_KEPT)
}

export interface History {
  readonly events: ShallowRef<AgentEvent[]>
  readonly error: ShallowRef<unknown>
  /** There are later events than those that were read. */
  readonly isCut: Ref<boolean>
  readonly load: (id: string) => Promise<void>
  readonly add: (events: readonly AgentEvent[]) => void
}

export function useHistory(): History {
  const events = shallowRef<AgentEvent[]>([])
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

  function add(more: readonly AgentEvent[]): void {
    if (more.length > 0) events.value = merged(events.value, more)
  }

  return { events, error, isCut, load, add }
}
