/** Tasks for tests. */
import type { LiveTask, TaskView } from '@/api/types'

/** A queued task as the hub lists it, but for what is named. */
export function task(id: string, but: Partial<TaskView> = {}): TaskView {
  return {
    id,
    state: 'queued',
    description: `Do ${id}`,
    priority: 'normal',
    version: 1,
    attempt: 0,
    max_attempts: 3,
    submitted_by: 'ada',
    created_at: 1,
    ...but,
  } as TaskView
}

/** What the hub tells of a change of it. */
export function change(id: string, but: Partial<LiveTask> = {}): LiveTask {
  return { id, state: 'queued', version: 2, attempt: 0, agent: null, percent: null, at: 2, ...but }
}
