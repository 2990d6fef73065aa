/** Why a task does, or does not, run: asked again while that may change. */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { get } from '@/api/client'
import type { Candidate, Explanation, TaskView } from '@/api/types'

import { hasEnded } from './rows'
import { pathOf } from './useTaskActions'

const ASK_MS = 4_000

export function useExplanation(task: Ref<TaskView | null>) {
  const explanation = shallowRef<Explanation | null>(null)
  const error = ref<unknown>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort = new AbortController()

  async function ask(): Promise<void> {
    const id = task.value?.id
    clearTimeout(timer)
    abort.abort()
    abort = new AbortController()
    const { signal } = abort
    if (id === undefined) return
    try {
      if (!document.hidden) explanation.value = await get<Explanation>(`${pathOf(id)}/explain`, undefined, signal)
      error.value = null
    } catch (problem) {
      if (signal.aborted) return
      error.value = problem
    }
    if (!signal.aborted && task.value !== null && !hasEnded(task.value.state)) timer = setTimeout(() => void ask(), ASK_MS)
  }

  watch(() => [task.value?.id, task.value?.version, task.value?.state], () => void ask(), { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    abort.abort()
  })
  return { explanation, error, ask }
}

/** Agents that lack the same. */
export interface Group {
  key: string
  reasons: string[]
  agents: string[]
}

/** Candidates by what they lack, in the order of the hub: the closest first. */
export function groupsOf(candidates: readonly Candidate[]): Group[] {
  const groups = new Map<string, Group>()
  for (const { agent_id: agent, reasons: lacks } of candidates) {
    const reasons = lacks.map((reason) => reason.message)
    const key = reasons.join('\n')
    const group = groups.get(key) ?? { key, reasons, agents: [] }
    group.agents.push(agent)
    groups.set(key, group)
  }
  return [...groups.values()]
}
