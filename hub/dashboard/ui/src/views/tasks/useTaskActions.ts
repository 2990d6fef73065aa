/** What can be done to one task. Says how it went; the hub has the last word. */
import { ApiError, patch, post } from '@/api/client'
import type { TaskEdit, TaskView } from '@/api/types'
import { oneLine } from '@/components/text'
import { useToasts } from '@/stores/toasts'

import { rowOf, type Priority, type Row } from './rows'

const NAME_CHARS = 60

export function useTaskActions() {
  const toasts = useToasts()

  async function cancel(task: { id: string; description: string }, reason?: string): Promise<TaskView | null> {
    const view = await attempt('Not cancelled', () => post<TaskView>(`${pathOf(task.id)}/cancel`, bodyOf(reason)))
    if (view) {
      const title = view.state === 'cancelled' ? 'Cancelled' : 'Its agent is told to stop'
      toasts.say({ kind: 'done', title, text: nameOf(task) })
    }
    return view
  }

  async function retry(task: { id: string; description: string }, reason?: string): Promise<TaskView | null> {
    const view = await attempt('Not queued again', () => post<TaskView>(`${pathOf(task.id)}/retry`, bodyOf(reason)))
    if (view) toasts.say({ kind: 'done', title: 'Queued again', text: nameOf(task) })
    return view
  }

  /** Shows the new priority at once, and takes it back when the hub refuses. */
  async function prioritise(row: Row, priority: Priority, show: (row: Row) => void): Promise<void> {
    if (row.priority === priority) return
    show({ ...row, priority, sending: 'priority' })
    const view = await attempt('The priority stays as it was', () => edit(row.id, row.version, { priority }))
    show(view ? rowOf(view) : row)
  }

  async function attempt(failure: string, act: () => Promise<TaskView>): Promise<TaskView | null> {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      toasts.say({ kind: 'error', title: failure, text: error.message })
      return null
    }
  }

  return { cancel, retry, prioritise }
}

/** Changes a task, if it is still as it was read. Raises ApiError. */
export function edit(id: string, version: number, changes: TaskEdit): Promise<TaskView> {
  return patch<TaskView>(pathOf(id), changes, { version })
}

export function pathOf(id: string): string {
  return `/api/v1/tasks/${encodeURIComponent(id)}`
}

function bodyOf(reason: string | undefined): { reason: string } | undefined {
  return reason ? { reason } : undefined
}

function nameOf(task: { description: string }): string {
  const text = oneLine(task.description)
  return text.length > NAME_CHARS ? `${text.slice(0, NAME_CHARS)}…` : text
}
