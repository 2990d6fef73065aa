/** One agent as the hub tells it, read again whenever the live picture of it changes. */
import { computed, onScopeDispose, watch, type Ref } from 'vue'

import { ApiError, get } from '@/api/client'
import type { AgentView } from '@/api/types'
import type { FleetAgent } from '@/components/agents'
import { agentPath } from '@/components/fleet/actions'
import { useLoaded, type Loaded } from '@/components/useLoaded'
import { useLive } from '@/live/live'

export interface OneAgent extends Loaded<AgentView> {
  /** Its row in the live picture; null when the fleet does not have it. */
  readonly row: Readonly<Ref<FleetAgent | null>>
  /** There is no agent of that name. */
  readonly isMissing: Readonly<Ref<boolean>>
}

export function useAgent(id: Readonly<Ref<string>>): OneAgent {
  const live = useLive()
  const loaded = useLoaded((signal) => get<AgentView>(agentPath(id.value), undefined, signal))
  const row = computed(() => {
    void live.tick.value
    return live.agents.get(id.value) ?? null
  })
  const isMissing = computed(() => {
    const error = loaded.error.value
    return error instanceof ApiError && error.status === 404
  })
  watch(
    id,
    () => {
      loaded.forget()
      void loaded.load()
    },
    { immediate: true },
  )
  onScopeDispose(live.onAgents((ids) => ids.has(id.value) && loaded.loadSoon()))
  return { ...loaded, row, isMissing }
}
