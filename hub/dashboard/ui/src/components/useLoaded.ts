/** Something that is read from the hub for a component, and read again when it may have changed. */
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

export interface Loaded<T> {
  readonly data: ShallowRef<T | null>
  readonly error: ShallowRef<unknown>
  /** Reads it (again); what was read before stays until then. */
  readonly load: () => Promise<void>
  /** Reads it soon; many wishes within a moment are one. */
  readonly loadSoon: () => void
  /** Forgets what was read, as it belongs to something else. */
  readonly forget: () => void
}

const SOON_MS = 1_000

/** Reads with this function; an answer that was overtaken by a later wish is dropped. */
export function useLoaded<T>(read: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<unknown>(null)
  let current: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | null = null

  async function load(): Promise<void> {
    current?.abort()
    const mine = new AbortController()
    current = mine
    try {
      const answer = await read(mine.signal)
      if (current !== mine) return
      data.value = answer
      error.value = null
    } catch (problem) {
      if (current === mine) error.value = problem
    }
  }

  function loadSoon(): void {
    timer ??= setTimeout(() => {
      timer = null
      void load()
    }, SOON_MS)
  }

  function forget(): void {
    current?.abort()
    current = null
    data.value = null
    error.value = null
  }

  onScopeDispose(() => {
    current?.abort()
    current = null
    if (timer !== null) clearTimeout(timer)
  })
  return { data, error, load, loadSoon, forget }
}
