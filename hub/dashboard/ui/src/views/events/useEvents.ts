/** Feeds the list of events: the newest page, what happens now, and older pages when asked. */

import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import type { HubEvent } from '@/api/types'
import { placeNow, readPage } from '@/components/eventPages'
import { readBack, type Page } from '@/components/older'
import { useLive } from '@/live/live'

import { EMPTY, MOST_ROWS, arrive, giveUp, reachBack, release } from './feed'
import { wantedBy, type Wanted } from './wanted'

/** New rows come in this often at most: faster would only flicker. */
const PACE_MS = 300
/** When more happened than the socket tells, the hub is asked; further behind than so many pages, begin anew. */
const MOST_PAGES_BEHIND = 5
const CATCH_UP_MS = 2_000

/** The events that a filter lets through. While it is held, nothing that is listed moves. */
export function useEvents(filter: Ref<string>, isHeld: Readonly<Ref<boolean>>) {
  const live = useLive()
  const feed = shallowRef(EMPTY)
  const error = shallowRef<unknown>(null)
  const isLoading = ref(true)
  const lookedBackTo = ref(Infinity)
  const oldest = ref(0)
  const wanted = computed<Wanted>(() => wantedBy(filter.value))
  let epoch = ''
  let asked = new AbortController()
  let arrived: HubEvent[] = []
  /** What is told while what was left out is read: some of it is later than the answer. */
  let meanwhile: HubEvent[] = []
  /** Something was left out since the last reading began. */
  let isBehind = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let catching: ReturnType<typeof setTimeout> | undefined

  async function read(after: number, signal: AbortSignal): Promise<Page & { atEnd: boolean }> {
    const { query, fits } = wanted.value
    const page = await readPage(epoch, after, query, signal)
    return { ...page, events: page.events.filter(fits) }
  }

  /** Begins anew with the newest events. */
  async function restart(): Promise<void> {
    asked.abort()
    asked = new AbortController()
    clearTimeout(catching)
    catching = undefined
    // The hub kept these before it is asked, so they are in its answer.
    arrived = []
    meanwhile = []
    feed.value = EMPTY
    lookedBackTo.value = Infinity
    await load(async (signal) => {
      const place = await placeNow(signal)
      epoch = place.epoch
      oldest.value = place.oldest
      lookedBackTo.value = place.newest + 1
      await lookBack(signal)
    })
  }

  async function lookBack(signal: AbortSignal): Promise<void> {
    const from = lookedBackTo.value
    const stretch = await readBack((after) => read(after, signal), from, oldest.value)
    if (signal.aborted) return
    lookedBackTo.value = stretch.from
    feed.value = reachBack(feed.value, stretch.events)
  }

  async function load(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = asked
    isLoading.value = true
    error.value = null
    try {
      await work(signal)
    } catch (reason) {
      if (!signal.aborted) error.value = reason
    } finally {
      if (!signal.aborted) isLoading.value = false
    }
  }

  async function older(): Promise<void> {
    if (!isLoading.value && hasOlder.value) await load(lookBack)
  }

  const hasOlder = computed(() => lookedBackTo.value > oldest.value && lookedBackTo.value < Infinity)

  function take(): void {
    timer = undefined
    const events = arrived.filter(wanted.value.fits)
    arrived = []
    feed.value = arrive(feed.value, events, isHeld.value)
  }

  /** Reads what the socket left out; what it says meanwhile comes after that. */
  async function catchUp(): Promise<void> {
    const { signal } = asked
    isBehind = false
    await load(async () => {
      let after = feed.value.waiting[0]?.seq ?? feed.value.rows[0]?.seq ?? lookedBackTo.value - 1
      for (let pages = 0; pages < MOST_PAGES_BEHIND; pages += 1) {
        const page = await read(after, signal)
        feed.value = arrive(feed.value, page.events, isHeld.value)
        if (page.atEnd) return
        after = page.reached
      }
      if (isHeld.value) feed.value = giveUp(feed.value)
      else void restart()
    })
    if (signal.aborted) return
    catching = isBehind ? setTimeout(() => void catchUp(), CATCH_UP_MS) : undefined
    if (catching === undefined) hear(meanwhile.splice(0), false)
  }

  function hear(events: readonly HubEvent[], more: boolean): void {
    if (more && epoch !== '' && !feed.value.away) {
      isBehind = true
      catching ??= setTimeout(() => void catchUp(), CATCH_UP_MS)
    }
    if (catching === undefined) {
      arrived.push(...events)
      timer ??= setTimeout(take, PACE_MS)
    } else {
      meanwhile = [...meanwhile, ...events.filter(wanted.value.fits)].slice(-MOST_ROWS)
    }
  }

  const stop = live.onEvents(hear)
  watch(isHeld, (held) => {
    if (!held) feed.value = release(feed.value)
  })
  watch(filter, restart)
  onScopeDispose(() => {
    stop()
    clearTimeout(timer)
    clearTimeout(catching)
    asked.abort()
  })
  void restart()

  return {
    feed,
    error,
    isLoading,
    hasOlder,
    older,
    restart,
    /** Shows what waits, or goes back to the newest rows when those were given up. */
    showNews: () => (feed.value.away ? restart() : void (feed.value = release(feed.value))),
  }
}
