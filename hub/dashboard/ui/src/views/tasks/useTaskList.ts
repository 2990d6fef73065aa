/**
 * The tasks that a filter means, as a list that stands still and yet stays true.
 *
 * What is on the screen changes in its place. New tasks wait until they are asked for, or come in
 * by themselves while the list is not held.
 */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { get } from '@/api/client'
import type { LiveTask, TaskConditions, TaskPage } from '@/api/types'
import { useLive } from '@/live/live'

import { queryOf } from './filter'
import { Pace } from './pace'
import { changed, rowOf, type Row } from './rows'
import { PAGE, Windows, type Ask, type Answer } from './windows'

/** New tasks are looked for at most this often. */
const LOOK_MS = 1_500
const HEAD = 200

export function useTaskList(conditions: Ref<TaskConditions>, isHeld: Readonly<Ref<boolean>>) {
  const live = useLive()
  const revision = ref(0)
  const error = shallowRef<unknown>(null)
  const isLoading = ref(true)
  /** How many new tasks wait; null when there are more than were looked at. */
  const pending = ref<number | null>(0)
  let windows = make()
  const pace = new Pace((first, last) => windows.show(first, last))
  let head: TaskPage | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort = new AbortController()
  /** Something changed that was not told. */
  let isStale = false

  function make(): Windows<Row> {
    return new Windows<Row>(ask, bump, (problem) => {
      error.value = problem
      isLoading.value = false
    })
  }

  function bump(): void {
    isLoading.value = false
    revision.value += 1
  }

  async function ask(wanted: Ask, signal: AbortSignal): Promise<Answer<Row>> {
    const page = await get<TaskPage>(
      '/api/v1/tasks',
      {
        ...queryOf(conditions.value),
        brief: true,
        limit: wanted.limit,
        cursor: wanted.cursor,
        skip: wanted.skip || null,
        count: wanted.count || null,
      },
      signal,
    )
    error.value = null
    return {
      items: page.items.map(rowOf),
      cursor: page.next_cursor,
      skipped: page.skipped ?? 0,
      ...(page.total && { total: { count: page.total.count, more: page.total.more ?? false } }),
    }
  }

  /** Begins anew at the top. */
  function reload(): void {
    forgetHead()
    windows.stop()
    windows = make()
    isLoading.value = true
    error.value = null
    windows.show(0, PAGE - 1)
    revision.value += 1
  }

  function forgetHead(): void {
    clearTimeout(timer)
    timer = undefined
    abort.abort()
    abort = new AbortController()
    head = null
    pending.value = 0
  }

  /** Lets the tasks in that wait. */
  function admit(): void {
    const page = head
    const count = pending.value
    if (page === null || count === null) {
      reload()
      return
    }
    const total = windows.count + count
    const more = windows.more
    forgetHead()
    windows.stop()
    windows = make()
    windows.adopt(page.items.map(rowOf), page.next_cursor, total, more)
    windows.show(0, PAGE - 1)
  }

  function hear(tasks: readonly LiveTask[], more: boolean): void {
    let isDirty = false
    let isNews = more
    for (const task of tasks) {
      const row = rowById(task.id)
      if (row === undefined) isNews = true
      else {
        const next = changed(row, task)
        if (next !== row) isDirty = windows.replace(next) || isDirty
      }
    }
    if (isDirty) bump()
    isStale ||= more
    if (isNews) look()
  }

  function look(): void {
    timer ??= setTimeout(() => void lookNow(), LOOK_MS)
  }

  async function lookNow(): Promise<void> {
    const { signal } = abort
    try {
      const page = await get<TaskPage>(
        '/api/v1/tasks',
        { ...queryOf(conditions.value), brief: true, limit: HEAD },
        signal,
      )
      if (signal.aborted) return
      error.value = null
      // Read anew, rows may move: that waits until the list is let go.
      if (isStale && !isHeld.value) {
        windows.refresh()
        isStale = false
      }
      receive(page)
    } catch (problem) {
      if (!signal.aborted) error.value = problem
    } finally {
      if (!signal.aborted) timer = undefined
    }
  }

  /** Counts what stands above the first row that is known. */
  function receive(page: TaskPage): void {
    const rows = page.items.map(rowOf)
    for (const row of rows) windows.replace(row)
    const place = rows.findIndex((row) => windows.placeOf(row.id) !== undefined)
    const isWhole = place >= 0 || page.next_cursor === null
    head = page
    pending.value = place >= 0 ? place : isWhole ? rows.length : null
    if ((!isHeld.value || windows.count === 0) && pending.value !== 0) admit()
    else bump()
  }

  function rowById(id: string): Row | undefined {
    const place = windows.placeOf(id)
    return place === undefined ? undefined : windows.at(place)
  }

  /** Shows something before the hub has confirmed it, or takes it back. */
  function put(row: Row): void {
    if (windows.replace(row)) bump()
  }

  const stop = live.onTasks(hear)
  onScopeDispose(() => {
    stop()
    clearTimeout(timer)
    abort.abort()
    pace.stop()
    windows.stop()
  })
  watch(conditions, reload)
  watch(isHeld, (held) => {
    if (held) return
    if (pending.value !== 0) admit()
    if (isStale) look()
  })
  watch(live.status, (status, before) => {
    if (status !== 'live' || before === 'behind') return
    isStale = true
    look()
  })
  windows.show(0, PAGE - 1)

  return {
    /** Rises when any row may have changed: read it before `at`. */
    revision,
    error,
    isLoading,
    pending,
    count: () => windows.count,
    more: () => windows.more,
    isSearching: () => windows.isBusy,
    at: (position: number) => windows.at(position),
    show: (first: number, last: number) => pace.show(first, last),
    put,
    reload,
    admit,
  }
}
