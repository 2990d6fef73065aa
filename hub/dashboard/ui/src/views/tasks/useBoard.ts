/**
 * The board: for each state its newest tasks, fetched anew when something there changed.
 *
 * Cards that are on the board change in their place at once; they move to another column only
 * while nobody points at the board.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { get } from '@/api/client'
import type { LiveTask, StateName, TaskConditions, TaskPage } from '@/api/types'
import { useLive } from '@/live/live'

import { queryOf } from './filter'
import { changed, rowOf, STATES, type Row } from './rows'

export const MOST_CARDS = 200
const LOOK_MS = 1_200

export interface Column {
  state: StateName
  rows: Row[]
  total: number
  more: boolean
}

export function useBoard(conditions: Ref<TaskConditions>, isHeld: Readonly<Ref<boolean>>) {
  const live = useLive()
  const columns = shallowRef<ReadonlyMap<StateName, Column>>(new Map())
  const error = ref<unknown>(null)
  const dirty = ref<ReadonlySet<StateName>>(new Set())
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort = new AbortController()

  const states = computed(() => STATES.filter((state) => conditions.value.state?.includes(state) ?? true))

  async function load(state: StateName, signal: AbortSignal): Promise<void> {
    const query = { ...queryOf({ ...conditions.value, state: [state] }), brief: true, limit: MOST_CARDS, count: true }
    const page = await get<TaskPage>('/api/v1/tasks', query, signal)
    if (signal.aborted) return
    const total = page.total ?? { count: page.items.length, more: false }
    put({ state, rows: page.items.map(rowOf), total: total.count, more: total.more ?? false })
  }

  function put(column: Column): void {
    columns.value = new Map(columns.value).set(column.state, column)
  }

  async function look(): Promise<void> {
    timer = undefined
    const wanted = states.value.filter((state) => dirty.value.has(state))
    dirty.value = new Set()
    const { signal } = abort
    try {
      await Promise.all(wanted.map((state) => load(state, signal)))
      error.value = null
    } catch (problem) {
      if (signal.aborted) return
      error.value = problem
      dirty.value = new Set([...dirty.value, ...wanted])
    }
  }

  function mark(...which: StateName[]): void {
    dirty.value = new Set([...dirty.value, ...which])
    if (!isHeld.value) timer ??= setTimeout(() => void look(), LOOK_MS)
  }

  function reload(): void {
    clearTimeout(timer)
    abort.abort()
    abort = new AbortController()
    columns.value = new Map()
    dirty.value = new Set(states.value)
    void look()
  }

  function hear(tasks: readonly LiveTask[], more: boolean): void {
    if (more) mark(...states.value)
    for (const task of tasks) {
      const row = rowById(task.id)
      mark(task.state, ...(row ? [row.state] : []))
      if (row && row.state === task.state) replace(changed(row, task))
    }
  }

  function rowById(id: string): Row | undefined {
    for (const column of columns.value.values()) {
      const row = column.rows.find((one) => one.id === id)
      if (row) return row
    }
    return undefined
  }

  /** Puts another card in the place of the one of the same task. */
  function replace(row: Row): void {
    for (const column of columns.value.values()) {
      const place = column.rows.findIndex((one) => one.id === row.id)
      if (place >= 0) put({ ...column, rows: column.rows.with(place, row) })
    }
  }

  /** Moves a card after the hub has said that it is somewhere else now. */
  function move(row: Row): void {
    for (const column of columns.value.values()) {
      const rows = column.rows.filter((one) => one.id !== row.id)
      const left = column.rows.length - rows.length
      if (column.state === row.state) put({ ...column, rows: [row, ...rows], total: column.total + 1 - left })
      else if (left > 0) put({ ...column, rows, total: column.total - left })
    }
  }

  const stop = live.onTasks(hear)
  onScopeDispose(() => {
    stop()
    clearTimeout(timer)
    abort.abort()
  })
  watch(conditions, reload)
  watch(isHeld, (held) => !held && dirty.value.size > 0 && void look())
  reload()

  return { states, columns, error, dirty, look, reload, replace, move }
}
