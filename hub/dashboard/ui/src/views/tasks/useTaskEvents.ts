/** The events of a task, the oldest first, and the timeline that they tell. */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { get } from '@/api/client'
import type { Envelope, EventPage } from '@/api/types'
import { useLive } from '@/live/live'
import { useSeconds } from '@/stores/seconds'

import { oneAtATime } from './oneAtATime'
import { timelineOf } from './timeline'
import { pathOf } from './useTaskActions'

const LIMIT = 200
/** More are shown only when asked for. */
const STEP = 2_000

/** Follows a task; `version` rises whenever there may be more events. */
export function useTaskEvents(id: string, version: Ref<number | undefined>) {
  const live = useLive()
  const seconds = useSeconds()
  const events = shallowRef<Envelope[]>([])
  const error = ref<unknown>(null)
  const isLoaded = ref(false)
  const hasMore = ref(false)
  const abort = new AbortController()
  let cursor: string | null = null
  let most = STEP

  const load = oneAtATime(async () => {
    try {
      await read()
    } catch (problem) {
      if (!abort.signal.aborted) error.value = problem
    }
  })

  async function read(): Promise<void> {
    for (;;) {
      const page = await get<EventPage>(`${pathOf(id)}/events`, { after: cursor, limit: LIMIT }, abort.signal)
      cursor = page.next_cursor
      if (page.items.length > 0) events.value = [...events.value, ...page.items]
      error.value = null
      isLoaded.value = true
      hasMore.value = !page.at_end && events.value.length >= most
      if (page.at_end || hasMore.value) return
    }
  }

  function more(): void {
    most = events.value.length + STEP
    void load()
  }

  const timeline = computed(() => timelineOf(events.value, live.now(seconds.value)))
  watch(version, () => void load(), { immediate: true })
  onScopeDispose(() => abort.abort())
  return { events, timeline, error, isLoaded, hasMore, load, more }
}
