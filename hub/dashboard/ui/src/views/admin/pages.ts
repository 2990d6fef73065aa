/** A list that the hub gives in pages: the first is read again when something changed, more on demand. */
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { get, type Query } from '@/api/client'
import { useLive } from '@/live/live'

interface Page<T> {
  readonly items: readonly T[]
  readonly next_cursor?: string | null
}

export interface Pages<T> {
  /** Null until the first page is there. */
  readonly items: ShallowRef<readonly T[] | null>
  readonly error: ShallowRef<unknown>
  readonly hasMore: Ref<boolean>
  readonly isLoading: Ref<boolean>
  /** Reads as many as were shown, from the beginning. */
  readonly reload: () => Promise<void>
  readonly more: () => Promise<void>
}

const PAGE = 100
/** One act makes several events, all within a moment. */
const SOON_MS = 300

/** Reads the pages of a path; an event whose type begins with one of these words reads them again. */
export function usePages<T>(path: string, query: () => Query = () => ({}), about: readonly string[] = []): Pages<T> {
  const items = shallowRef<readonly T[] | null>(null)
  const error = shallowRef<unknown>(null)
  const hasMore = ref(false)
  const isLoading = ref(false)
  let cursor: string | null = null
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | null = null

  async function read(from: readonly T[], after: string | null, least: number): Promise<void> {
    const mine = ++asked
    isLoading.value = true
    try {
      let found = from
      let next = after
      do {
        const page: Page<T> = await get<Page<T>>(path, { ...query(), limit: PAGE, cursor: next })
        if (mine !== asked) return
        found = [...found, ...page.items]
        next = page.next_cursor ?? null
      } while (next !== null && found.length < least)
      items.value = found
      cursor = next
      hasMore.value = next !== null
      error.value = null
    } catch (problem) {
      if (mine === asked) error.value = problem
    } finally {
      if (mine === asked) isLoading.value = false
    }
  }

  const reload = () => read([], null, items.value?.length ?? 0)
  const more = async () => {
    if (cursor !== null && !isLoading.value) await read(items.value ?? [], cursor, 0)
  }

  if (about.length > 0) {
    onScopeDispose(
      useLive().onEvents((events, missed) => {
        if (!missed && !events.some(({ type }) => about.some((word) => type.startsWith(word)))) return
        timer ??= setTimeout(() => {
          timer = null
          void reload()
        }, SOON_MS)
      }),
    )
  }
  onScopeDispose(() => {
    asked += 1
    if (timer !== null) clearTimeout(timer)
  })
  void reload()
  return { items, error, hasMore, isLoading, reload, more }
}
