/** What an agent works on, and what it did last; the progress of the moment is laid over it. */
import { onScopeDispose, shallowReactive, watch, type Ref } from 'vue'

import { get } from '@/api/client'
import type { TaskPage, TaskView } from '@/api/types'
import { useLoaded, type Loaded } from '@/components/useLoaded'
import { useLive } from '@/live/live'

const CURRENT = ['assigned', 'running'] as const
const LAST = 50
const MOST_CURRENT = 100

export interface Work {
  readonly current: readonly TaskView[]
  readonly last: readonly TaskView[]
}

export interface AgentWork extends Loaded<Work> {
  /** Percent by task, as it was said since the tasks were read. */
  readonly percents: ReadonlyMap<string, number>
}

export function useWork(id: Readonly<Ref<string>>): AgentWork {
  const percents = shallowReactive(new Map<string, number>())
  const loaded = useLoaded((signal) => readWork(id.value, signal))

  watch(
    id,
    () => {
      percents.clear()
      loaded.forget()
      void loaded.load()
    },
    { immediate: true },
  )
  onScopeDispose(
    useLive().onTasks((tasks, more) => {
      const mine = tasks.filter((task) => task.agent === id.value)
      for (const task of mine) if (task.percent !== null) percents.set(task.id, task.percent)
      if (more || mine.some((task) => isNews(task, loaded.data.value))) loaded.loadSoon()
    }),
  )
  return { ...loaded, percents }
}

async function readWork(agent: string, signal: AbortSignal): Promise<Work> {
  const path = '/api/v1/tasks'
  const [current, last] = await Promise.all([
    get<TaskPage>(path, { agent, state: CURRENT, limit: MOST_CURRENT }, signal),
    get<TaskPage>(path, { agent, limit: LAST }, signal),
  ])
  return { current: current.items, last: last.items.filter((task) => !isCurrent(task)) }
}

function isCurrent(task: Pick<TaskView, 'state'>): boolean {
  return (CURRENT as readonly string[]).includes(task.state)
}

/** Whether a change is more than progress of a task that is listed. */
export function isNews(task: { id: string; state: string; attempt: number }, known: Work | null): boolean {
  const listed = known?.current.find((each) => each.id === task.id)
  return listed === undefined || listed.state !== task.state || listed.attempt !== task.attempt
}
