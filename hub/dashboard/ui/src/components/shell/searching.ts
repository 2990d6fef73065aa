/** Asks the hub while somebody types: a little later than the last letter, and never for what is old. */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { ApiError, get } from '@/api/client'
import type { Found, SearchPage } from '@/api/types'
import { useLive } from '@/live/live'

const PAUSE_MS = 80
const LEAST_LETTERS = 2
const MOST = 12

export function useSearch(typed: Ref<string>) {
  const { hasSearch } = useLive()
  const found = shallowRef<Found[]>([])
  /** The last answer: it tells of the index. */
  const page = shallowRef<SearchPage | null>(null)
  const note = ref('')
  const isBusy = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked: AbortController | undefined

  function cancel(): void {
    clearTimeout(timer)
    asked?.abort()
    isBusy.value = false
  }

  async function ask(text: string): Promise<void> {
    const controller = new AbortController()
    asked = controller
    isBusy.value = true
    try {
      page.value = await get<SearchPage>('/api/v1/search', { q: text, limit: MOST }, controller.signal)
      found.value = page.value.items
    } catch (error) {
      if (controller.signal.aborted) return
      found.value = []
      page.value = null
      note.value = error instanceof ApiError ? error.message : String(error)
    }
    isBusy.value = false
  }

  watch(typed, (text) => {
    cancel()
    note.value = ''
    const words = text.trim()
    if (words.length < LEAST_LETTERS || hasSearch.value === false) {
      found.value = []
      page.value = null
    } else timer = setTimeout(() => void ask(words), PAUSE_MS)
  })
  onScopeDispose(cancel)
  return { found, page, note, isBusy }
}
