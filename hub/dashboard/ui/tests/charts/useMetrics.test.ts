import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'

import type { Step } from '@/api/types'
import type { RangeName } from '@/charts/frame'
import { useMetrics } from '@/charts/useMetrics'

const STEP = 10_000

const socket = vi.hoisted(() => ({ tell: (_step: Step | null): void => undefined, isHeard: false }))
vi.mock('@/live/live', () => ({
  useLive: () => ({
    onSteps: (call: typeof socket.tell) => {
      Object.assign(socket, { tell: call, isHeard: true })
      return () => (socket.isHeard = false)
    },
  }),
}))

/** The hub: its steps so far have their own numbers as values. */
const hub = { steps: 3, stepMs: STEP, refuses: false, asked: [] as string[], gate: Promise.resolve() }
let scope: EffectScope
const range = ref<RangeName>('15m')

function answer(points: number): string {
  const first = Math.max(1, hub.steps + 1 - points)
  const values = Array.from({ length: hub.steps + 1 - first }, (_, n) => first + n)
  return JSON.stringify({ step_ms: hub.stepMs, since: first * hub.stepMs, at: 0, series: [{ name: 'running', unit: 'count', values }] })
}

beforeEach(() => {
  vi.useFakeTimers()
  scope = effectScope()
  range.value = '15m'
  Object.assign(hub, { steps: 3, stepMs: STEP, refuses: false, asked: [], gate: Promise.resolve() })
  vi.stubGlobal('fetch', async (path: string) => {
    hub.asked.push(path)
    const body = answer(Number(new URL(path, 'http://hub').searchParams.get('points')))
    const status = hub.refuses ? 503 : 200
    await hub.gate
    return new Response(body, { status })
  })
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

async function opened() {
  const { page, error } = scope.run(() => useMetrics(['running'], range))!
  await flushPromises()
  return { error, values: () => page.value?.series[0]?.values }
}

/** The hub closes its next step; whether the socket tells of it or not. */
async function close(isTold = true): Promise<void> {
  hub.steps += 1
  if (isTold) socket.tell({ type: 'step', at: hub.steps * STEP, values: { running: hub.steps } })
  await flushPromises()
}

async function show(isShown: boolean): Promise<void> {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(!isShown)
  document.dispatchEvent(new Event('visibilitychange'))
  await flushPromises()
}

function hold(): () => Promise<void> {
  let open = () => undefined as void
  hub.gate = new Promise((done) => (open = done))
  return async () => {
    open()
    await flushPromises()
  }
}

describe('the series of a chart', () => {
  it('are asked for once, and grow by themselves', async () => {
    const { values } = await opened()
    await close()
    await close()
    await vi.advanceTimersByTimeAsync(10 * STEP)
    expect(values()).toEqual([1, 2, 3, 4, 5])
    expect(hub.asked).toEqual(['/api/v1/metrics?points=90&series=running'])
  })

  it('are asked for anew when a step is missing, and never drawn over the gap', async () => {
    const { values } = await opened()
    await close(false)
    const go = hold()
    await close()
    expect(values()).toEqual([1, 2, 3])
    await go()
    expect(values()).toEqual([1, 2, 3, 4, 5])
    await close()
    expect([values()?.length, hub.asked.length]).toEqual([6, 2])
  })

  it('are asked for anew after a loss of the socket', async () => {
    const { values } = await opened()
    await close(false)
    socket.tell(null)
    await flushPromises()
    expect([values(), hub.asked.length]).toEqual([[1, 2, 3, 4], 2])
  })

  it('are let alone while nobody sees the page, and asked for anew on its return', async () => {
    const { values } = await opened()
    await show(false)
    await close(false)
    await close()
    socket.tell(null)
    await vi.advanceTimersByTimeAsync(10 * STEP)
    expect(hub.asked).toHaveLength(1)
    await show(true)
    expect([values(), hub.asked.length]).toEqual([[1, 2, 3, 4, 5], 2])
  })

  it('are asked for anew when the range changes, and hold no more than it', async () => {
    hub.steps = 40
    const { values } = await opened()
    range.value = '5m'
    await nextTick()
    await flushPromises()
    await close()
    expect([values()?.[0], values()?.length, hub.asked.length]).toEqual([12, 30, 2])
  })

  it('are asked for by the step of the hub, once it has said it', async () => {
    hub.stepMs = 5_000
    await opened()
    range.value = '5m'
    await nextTick()
    expect(hub.asked[1]).toContain('points=60&')
  })

  it('take the step that is told while an older answer is under way', async () => {
    const go = hold()
    const { values } = await opened()
    await close()
    await go()
    expect([values(), hub.asked.length]).toEqual([[1, 2, 3, 4], 1])
  })

  it('stay as they are while the hub refuses, which is asked again in its time', async () => {
    const { values, error } = await opened()
    hub.refuses = true
    await close(false)
    await close()
    expect(error.value).not.toBeNull()
    await close()
    await vi.advanceTimersByTimeAsync(4_900)
    expect([values(), hub.asked.length]).toEqual([[1, 2, 3], 2])
    hub.refuses = false
    await vi.advanceTimersByTimeAsync(200)
    expect([values(), hub.asked.length, error.value]).toEqual([[1, 2, 3, 4, 5, 6], 3, null])
    await close()
    expect([values()?.length, hub.asked.length]).toEqual([7, 3])
  })

  it('hear nothing more once their chart is gone', async () => {
    hub.refuses = true
    await opened()
    scope.stop()
    await vi.advanceTimersByTimeAsync(STEP)
    await show(true)
    expect([socket.isHeard, hub.asked.length]).toEqual([false, 1])
  })
})
