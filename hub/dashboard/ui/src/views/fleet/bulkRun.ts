/** The bulk action that is under way, or was the last: it goes on while other screens are shown. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

import type { PauseWords } from '@/components/pause'

import { judge, perform, type ActionName } from './actions'
import { runBulk, type BulkRun, type Progress } from './bulk'

/** What was asked for. */
export interface BulkOrder {
  readonly name: ActionName
  readonly ids: readonly string[]
  readonly words: PauseWords
}

export const useBulkRun = defineStore('fleet-bulk', () => {
  const order = shallowRef<BulkOrder | null>(null)
  const progress = shallowRef<Progress | null>(null)
  const beganAt = shallowRef(0)
  const settled = new Set<string>()
  let run: BulkRun | null = null
  const isRunning = computed(() => progress.value !== null && !progress.value.ended)

  /** Begins; only one at a time, as they share the hub's patience. */
  function begin(wanted: BulkOrder): void {
    if (isRunning.value) return
    order.value = wanted
    beganAt.value = Date.now()
    settled.clear()
    run = runBulk(wanted.ids, {
      act: async (id) => {
        await perform(wanted.name, id, wanted.words)
        settled.add(id)
      },
      judge,
      onProgress: (now) => (progress.value = now),
    })
    void run.finished.then(letGo)
    addEventListener('beforeunload', hold)
  }

  function stop(): void {
    run?.stop()
  }

  /** Those that failed, and those that were not sent because it was stopped. */
  function left(): string[] {
    return (order.value?.ids ?? []).filter((id) => !settled.has(id))
  }

  /** Begins anew with what is left. */
  function again(): void {
    if (order.value !== null) begin({ ...order.value, ids: left() })
  }

  function dismiss(): void {
    if (isRunning.value) return
    order.value = null
    progress.value = null
  }

  return { order, progress, beganAt, isRunning, begin, stop, left, again, dismiss }
})

function letGo(): void {
  removeEventListener('beforeunload', hold)
}

/** The browser asks before it closes a page that still has something to send. */
function hold(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
