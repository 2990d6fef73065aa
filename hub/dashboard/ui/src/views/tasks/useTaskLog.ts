/**
 * Reads the output of one stream of one attempt: its end first, then what follows, and what came
 * before when it is asked for. One request at a time waits for news.
 */
import { onScopeDispose, ref, shallowRef } from 'vue'

import { ApiError, get } from '@/api/client'
import type { LogText, Stream } from '@/api/types'

import { before, bytesOf, LogLines, type Chunk, type Line, type Target } from './log'
import { pathOf } from './useTaskActions'

/** The hub gives no more at once. */
const CHUNK = 256 * 1024
const WAIT_MS = 20_000
const AGAIN_MS = 3_000
/** A line that is looked for by its number is looked for in so much. */
const MOST_SEEK = 64 * 1024 * 1024

export interface Place {
  /** Null is the latest attempt that wrote anything. */
  generation: number | null
  stream: Stream
}

export function useTaskLog(id: string) {
  const lines = shallowRef<readonly Line[]>([])
  const numbers = shallowRef<readonly number[] | null>(null)
  const generation = ref<number | null>(null)
  const error = ref<unknown>(null)
  const isLoading = ref(false)
  const hasEarlier = ref(false)
  /** What comes next is not read before somebody asks for it. */
  const hasLater = ref(false)
  const hasEnded = ref(false)
  const isFollowing = ref(true)
  let log = new LogLines()
  let place: Place = { generation: null, stream: 'stdout' }
  let abort = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined

  function show(): void {
    lines.value = [...log.lines]
    numbers.value = log.numbers()
  }

  function read(query: { offset?: number; tail?: number; wait_ms?: number }): Promise<LogText> {
    const which = { stream: place.stream, generation: generation.value ?? place.generation }
    return get<LogText>(`${pathOf(id)}/log`, { ...which, ...query }, abort.signal)
  }

  function chunkOf(answer: LogText): Chunk {
    return { from: answer.next_offset - bytesOf(answer.text), to: answer.next_offset, text: answer.text }
  }

  /** Begins anew: at a line if one is named, else at the end. */
  async function open(next: Place, target: Target | null = null): Promise<void> {
    place = next
    reset(target === null)
    await attempt(async () => {
      if (target === null) await readTail()
      else if ('at' in target) await readAround(target.at)
      else await readUpTo(target.number)
    })
    if (!hasLater.value) void follow()
  }

  function reset(follows: boolean): void {
    abort.abort()
    abort = new AbortController()
    clearTimeout(timer)
    log = new LogLines()
    generation.value = place.generation
    hasEarlier.value = hasLater.value = hasEnded.value = false
    isFollowing.value = follows
    error.value = null
    show()
  }

  async function readTail(): Promise<void> {
    const answer = await read({ tail: CHUNK })
    generation.value = answer.generation
    const chunk = chunkOf(answer)
    take(chunk)
    hasEarlier.value = answer.offset > 0 && chunk.from <= answer.offset + 4
    if (chunk.text !== '' && !hasEarlier.value && chunk.from > 0) log.markLost()
    show()
  }

  async function readAround(at: number): Promise<void> {
    const answer = await read({ offset: Math.max(0, at - CHUNK / 2) })
    generation.value = answer.generation
    take(chunkOf(answer))
    hasEarlier.value = log.from > 0
    hasLater.value = bytesOf(answer.text) >= CHUNK - 4
    show()
  }

  async function readUpTo(number: number): Promise<void> {
    let offset = 0
    for (;;) {
      const answer = await read({ offset })
      generation.value = answer.generation
      take(chunkOf(answer))
      const isLast = bytesOf(answer.text) < CHUNK - 4
      hasLater.value = !isLast
      hasEarlier.value = log.from > 0
      if (isLast || answer.next_offset > MOST_SEEK || (numbers.value?.at(-1) ?? Infinity) > number) return
      offset = answer.next_offset
    }
  }

  function take(chunk: Chunk): void {
    log.append(chunk)
    show()
  }

  async function earlier(): Promise<void> {
    if (isLoading.value || !hasEarlier.value) return
    await attempt(async () => {
      const from = Math.max(0, log.from - CHUNK)
      const wanted = log.from
      const chunk = before(chunkOf(await read({ offset: from })), wanted)
      const isLost = chunk.from > from + 4 || chunk.text === ''
      if (chunk.text !== '') {
        const end = log.to
        log.prepend(chunk)
        if (log.to < end) hasLater.value = true
      }
      hasEarlier.value = log.from > 0 && !isLost
      if (isLost) log.markLost()
      show()
    })
  }

  async function later(): Promise<void> {
    if (isLoading.value || !hasLater.value) return
    await attempt(async () => {
      const answer = await read({ offset: log.to })
      take(chunkOf(answer))
      hasEarlier.value = log.from > 0
      hasLater.value = bytesOf(answer.text) >= CHUNK - 4
    })
    if (!hasLater.value) void follow()
  }

  /** Waits for what comes, again and again, as long as there is room or somebody watches the end. */
  async function follow(): Promise<void> {
    const { signal } = abort
    while (!signal.aborted && !hasEnded.value && !hasLater.value) {
      if (!isFollowing.value && log.isHalfFull) {
        hasLater.value = true
        return
      }
      try {
        await readNext()
      } catch (problem) {
        if (signal.aborted) return
        error.value = problem
        timer = setTimeout(() => void follow(), waitAfter(problem))
        return
      }
    }
  }

  async function readNext(): Promise<void> {
    const answer = await read({ offset: log.to, wait_ms: WAIT_MS })
    error.value = null
    if (generation.value === null || generation.value === 0) generation.value = answer.generation || null
    if (answer.text !== '') take(chunkOf(answer))
    else hasEnded.value = answer.ended
    if (log.from > 0 && answer.text !== '') hasEarlier.value = true
  }

  async function attempt(act: () => Promise<void>): Promise<void> {
    const { signal } = abort
    isLoading.value = true
    try {
      await act()
      error.value = null
    } catch (problem) {
      if (!signal.aborted) error.value = problem
    } finally {
      if (!signal.aborted) isLoading.value = false
    }
  }

  /** To the end, and on with it. */
  function followEnd(): void {
    isFollowing.value = true
    if (hasLater.value) void open(place)
  }

  onScopeDispose(() => {
    abort.abort()
    clearTimeout(timer)
  })
  return { lines, numbers, generation, error, isLoading, hasEarlier, hasLater, hasEnded, isFollowing, open, earlier, later, followEnd }
}

function waitAfter(problem: unknown): number {
  return problem instanceof ApiError ? (problem.retryAfterMs ?? AGAIN_MS) : AGAIN_MS
}
