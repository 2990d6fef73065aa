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
  return { explanation, error }
}

/** Agents that lack the same. */
export interface Group {
  codes: string
  reasons: string[]
  agents: string[]
}

/** Candidates by what they lack, the closest first; one sentence stands for all of a group. */
export function groupsOf(candidates: readonly Candidate[]): Group[] {
  const groups = new Map<string, Group>()
  for (const { agent_id: agent, reasons } of candidates) {
    const codes = reasons.map((reason) => reason.code).join(' ')
    const group = groups.get(codes) ?? { codes, reasons: reasons.map((reason) => reason.message), agents: [] }
    group.agents.push(agent)
    groups.set(codes, group)
  }
  const weight = (group: Group) => (group.codes === '' ? 0 : group.codes.split(' ').length)
  return [...groups.values()].sort((a, b) => weight(a) - weight(b) || b.agents.length - a.agents.length)
}
