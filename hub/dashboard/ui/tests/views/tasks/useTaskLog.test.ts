import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'

import { useTaskLog, type Place } from '@/views/tasks/useTaskLog'

const CHUNK = 256 * 1024
const OUT: Place = { generation: null, stream: 'stdout' }

/** The hub of these tests: what a stream of an attempt has written, and how much of it is not kept any more. */
const hub = { text: '', kept: 0, ended: false, generation: 7, asked: [] as URLSearchParams[], refuses: [] as object[] }
let wake: () => void
let scope: EffectScope

/** Answers as the hub does: it holds a question for news back until there is some. Characters here are bytes. */
async function answer(query: URLSearchParams, signal: AbortSignal): Promise<object> {
  const tail = query.get('tail')
  const end = hub.text.length
  const offset = tail === null ? Number(query.get('offset')) : Math.max(0, end - Number(tail))
  if (query.has('wait_ms') && offset >= end && !hub.ended) {
    await new Promise<void>((done, fail) => {
      wake = done
      signal.addEventListener('abort', () => fail(new DOMException('left', 'AbortError')))
    })
  }
  const from = Math.max(hub.kept, offset)
  const text = hub.text.slice(from, from + CHUNK)
  return { generation: hub.generation, offset, next_offset: from + text.length, text, ended: hub.ended }
}

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
  Object.assign(hub, { text: '', kept: 0, ended: false, generation: 7, asked: [], refuses: [] })
  wake = () => undefined
  vi.stubGlobal('fetch', async (address: string, { signal }: RequestInit) => {
    const { pathname, searchParams } = new URL(address, 'http://hub')
    expect(pathname).toBe('/api/v1/tasks/t-1/log')
    hub.asked.push(searchParams)
    const refusal = hub.refuses.shift()
    if (refusal !== undefined) return new Response(JSON.stringify({ error: refusal }), { status: 429 })
    return new Response(JSON.stringify(await answer(searchParams, signal!)))
  })
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

async function settle(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await flushPromises()
}

async function log(...how: [Place?, Parameters<ReturnType<typeof useTaskLog>['open']>[1]?]) {
  const made = scope.run(() => useTaskLog('t-1'))!
  await made.open(how[0] ?? OUT, how[1] ?? null)
  await settle()
  return { ...made, texts: () => made.lines.value.map(({ text }) => text) }
}

/** The program writes. */
async function write(text: string): Promise<void> {
  hub.text += text
  wake()
  await settle()
}

/** So many lines, each of 1 KiB, that begin with their number. */
function longOutput(lines: number): string {
  return Array.from({ length: lines }, (_, n) => `${n + 1} `.padEnd(1_023, '.') + '\n').join('')
}

const numberOf = (line: string | undefined) => Number(line?.split(' ')[0])

describe('the output of a task', () => {
  it('is shown from its beginning while it is short, and followed to its end', async () => {
    hub.text = 'one\ntwo\n'
    const { texts, numbers, hasEarlier, hasEnded, generation } = await log()
    expect([texts(), numbers.value, hasEarlier.value, generation.value]).toEqual([['one', 'two'], [1, 2], false, 7])
    await write('three\n')
    expect(texts()).toEqual(['one', 'two', 'three'])
    hub.ended = true
    wake()
    await settle()
    expect(hasEnded.value).toBe(true)
    const asked = hub.asked.length
    await vi.advanceTimersByTimeAsync(120_000)
    expect(hub.asked).toHaveLength(asked)
  })

  it('waits with one question at a time, from where it is', async () => {
    hub.text = 'one\n'
    await log()
    expect(hub.asked.at(-1)!.get('offset')).toBe('4')
    await write('two\n')
    expect(hub.asked.at(-1)!.get('offset')).toBe('8')
    expect(hub.asked).toHaveLength(3)
  })

  it('stays with the attempt that it began with', async () => {
    hub.text = 'one\n'
    await log()
    hub.generation = 8
    await write('two\n')
    expect(hub.asked.slice(1).map((query) => query.get('generation'))).toEqual(['7', '7'])
  })

  it('is shown by its end when it is long, and what was before comes when it is asked for', async () => {
    hub.text = longOutput(600)
    const { texts, numbers, hasEarlier, earlier } = await log()
    expect([numberOf(texts()[0]), numberOf(texts().at(-1)), numbers.value, hasEarlier.value]).toEqual([345, 600, null, true])
    await earlier()
    expect(numberOf(texts()[0])).toBe(89)
    await earlier()
    expect([numberOf(texts()[0]), hasEarlier.value, numbers.value?.at(-1)]).toEqual([1, false, 600])
    const asked = hub.asked.length
    await earlier()
    expect(hub.asked).toHaveLength(asked)
  })

  it('says where its beginning was thrown away', async () => {
    hub.text = longOutput(600)
    const { lines, hasEarlier, earlier } = await log()
    hub.kept = 400 * 1_024
    await earlier()
    expect([lines.value[0]?.gap, hasEarlier.value]).toEqual([true, false])
  })

  it('says so too when nothing of it was ever here', async () => {
    hub.text = longOutput(10)
    hub.kept = 5 * 1_024
    const { lines, texts, numbers, hasEarlier } = await log()
    expect([numberOf(texts()[0]), lines.value[0]?.gap, hasEarlier.value, numbers.value]).toEqual([6, true, false, null])
  })

  it('is read up to the line of a link, and no further before somebody asks', async () => {
    hub.text = longOutput(2_000)
    const { texts, hasLater, later, isFollowing } = await log(OUT, { number: 300 })
    expect([numberOf(texts()[0]), numberOf(texts().at(-1))]).toEqual([1, 512])
    expect([hasLater.value, isFollowing.value]).toEqual([true, false])
    await write('more\n')
    expect(texts()).toHaveLength(512)
    await later()
    expect(numberOf(texts().at(-1))).toBe(768)
  })

  it('is read around the place of a link', async () => {
    hub.text = longOutput(2_000)
    const at = 1_000 * 1_024
    const { lines, hasEarlier, hasLater, texts } = await log(OUT, { at })
    expect(lines.value.some((line) => line.at === at)).toBe(true)
    expect([hasEarlier.value, hasLater.value, texts().length]).toEqual([true, true, 256])
  })

  it('goes back to the end and follows it', async () => {
    hub.text = longOutput(2_000)
    const { texts, hasLater, isFollowing, followEnd } = await log(OUT, { at: 0 })
    followEnd()
    await settle()
    expect([numberOf(texts().at(-1)), hasLater.value, isFollowing.value]).toEqual([2_000, false, true])
    await write('more\n')
    expect(texts().at(-1)).toBe('more')
  })

  it('does not push away what somebody reads, and goes on when they ask', async () => {
    hub.text = longOutput(10)
    const { texts, hasLater, isFollowing, later } = await log()
    isFollowing.value = false
    for (let n = 0; n < 20; n += 1) await write(longOutput(256))
    expect([numberOf(texts()[0]), hasLater.value]).toEqual([1, true])
    const length = texts().length
    await later()
    expect(texts().length).toBeGreaterThan(length)
  })

  it('says that it cannot be read, and tries again when the hub says', async () => {
    hub.text = 'one\n'
    const { texts, error } = await log()
    hub.refuses = [{ code: 'rate_limited', message: 'Too fast.', retry_after_ms: 9_000 }]
    await write('two\n')
    expect(texts()).toEqual(['one', 'two'])
    expect(error.value).toMatchObject({ message: 'Too fast.' })
    hub.text += 'three\n'
    await vi.advanceTimersByTimeAsync(8_900)
    expect(texts()).toEqual(['one', 'two'])
    await vi.advanceTimersByTimeAsync(200)
    await settle()
    expect([texts(), error.value]).toEqual([['one', 'two', 'three'], null])
  })

  it('forgets the other stream, and what it was asked about it', async () => {
    hub.text = 'out\n'
    const { texts, open } = await log()
    hub.text = 'wrong\n'
    void open({ generation: 3, stream: 'stderr' })
    await settle()
    expect(texts()).toEqual(['wrong'])
    expect([hub.asked.at(-1)!.get('stream'), hub.asked[2]!.get('generation')]).toEqual(['stderr', '3'])
  })

  it('asks nothing more when it is left', async () => {
    hub.text = 'one\n'
    await log()
    scope.stop()
    const asked = hub.asked.length
    await write('two\n')
    await vi.advanceTimersByTimeAsync(120_000)
    expect(hub.asked).toHaveLength(asked)
  })
})
