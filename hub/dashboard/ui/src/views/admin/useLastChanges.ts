/** Who paused, drained or resumed each agent last, and when, as far as the newest events tell. */
import { computed, onScopeDispose, type ComputedRef } from 'vue'

import type { HubEvent } from '@/api/types'
import { placeNow, readPage } from '@/components/eventPages'
import { readBack } from '@/components/older'
import { useLoaded } from '@/components/useLoaded'
import { useLive } from '@/live/live'

/** The hub says it of what people do, and of a pause that ends by itself. */
const TYPE = 'agent.status.changed'

export function useLastChanges(): ComputedRef<ReadonlyMap<string, HubEvent>> {
  const { data, load, loadSoon } = useLoaded(async (signal) => {
    const { epoch, newest, oldest } = await placeNow(signal)
    return readBack((after) => readPage(epoch, after, { type: TYPE }, signal), newest + 1, oldest)
  })
  onScopeDispose(
    useLive().onEvents((events, missed) => {
      if (missed || events.some(({ type }) => type === TYPE)) loadSoon()
    }),
  )
  void load()
  return computed(() => {
    const events = [...(data.value?.events ?? [])].sort((one, other) => one.seq - other.seq)
    return new Map(events.map((event) => [event.entity, event]))
  })
}
