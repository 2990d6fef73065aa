/** One task, kept true: its record, and what the live socket says of it meanwhile. */
import { onScopeDispose, ref, shallowRef, watch } from 'vue'

import { get } from '@/api/client'
import type { LiveTask, TaskView } from '@/api/types'
import { useLive } from '@/live/live'

import { oneAtATime } from './oneAtATime'
import { pathOf } from './useTaskActions'

const SOON_MS = 150
const LATER_MS = 1_500

export function useTask(id: string) {
  const live = useLive()
  const task = shallowRef<TaskView | null>(null)
  const error = ref<unknown>(null)
  const abort = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined

  const load = oneAtATime(async () => {
    timer = undefined
    try {
      take(await get<TaskView>(pathOf(id), undefined, abort.signal))
    } catch (problem) {
      if (!abort.signal.aborted) error.value = problem
    }
  })

  /** Takes a record that came in some other way, as the answer to an action. */
  function take(view: TaskView): void {
    if (task.value !== null && view.version < task.value.version) return
    task.value = view
    error.value = null
  }

  function hear(changes: readonly LiveTask[], more: boolean): void {
    const change = changes.find((one) => one.id === id)
    if (change !== undefined) heed(change)
    else if (more && task.value !== null) timer ??= setTimeout(() => void load(), LATER_MS)
  }

  function heed(change: LiveTask): void {
    const known = task.value
    if (known !== null && change.percent !== null && change.percent !== known.progress?.percent) {
      task.value = { ...known, progress: { message: null, ...known.progress, percent: change.percent, at: change.at } }
    }
    timer ??= setTimeout(() => void load(), SOON_MS)
  }

  const stop = live.onTasks(hear)
  watch(live.status, (status, before) => status === 'live' && before !== 'behind' && void load())
  onScopeDispose(() => {
    stop()
    clearTimeout(timer)
    abort.abort()
  })
  void load()
  return { task, error, load, take }
}
