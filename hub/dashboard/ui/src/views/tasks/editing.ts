/** What an edit changes: only what differs, and null for what is to be gone. */
import type { TaskEdit, TaskSpec, TaskView } from '@/api/types'

const EDITED = ['description', 'labels', 'needs', 'assign_to', 'timeout_ms', 'max_attempts', 'not_before', 'complete_by'] as const
/** Given by the form only when somebody typed them: an empty field leaves them as they are. */
const KEPT_WHEN_EMPTY = new Set<string>(['not_before', 'complete_by'])

export function editOf(task: TaskView, spec: TaskSpec): TaskEdit {
  const edit: Record<string, unknown> = {}
  for (const name of EDITED) {
    const before = task[name] ?? null
    const after = spec[name] ?? null
    if (after === null && KEPT_WHEN_EMPTY.has(name)) continue
    if (JSON.stringify(before) !== JSON.stringify(after)) edit[name] = after
  }
  return edit as TaskEdit
}
