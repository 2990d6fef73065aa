import { describe, expect, it, vi } from 'vitest'

import { PAGE, Windows, type Answer, type Ask } from '@/views/tasks/windows'

interface Row {
  id: string
}
const row = (place: number): Row => ({ id: `t${place}` })

/** A hub with so many rows; cursors are positions. It leaves out and gives only so many at once. */
function hub(size: number, { slow = Infinity, most = PAGE } = {}) {
  const asks: Ask[] = []
  const fetch = (ask: Ask): Promise<Answer<Row>> => {
    asks.push(ask)
    const from = Number(ask.cursor ?? 0)
    const skipped = Math.min(ask.skip, slow, size - from)
    const begin = from + skipped
    const count = skipped < ask.skip ? 0 : Math.max(0, Math.min(ask.limit, most, size - begin))
    const items = Array.from({ length: count }, (_, n) => row(begin + n))
    const end = begin + count
    return Promise.resolve({ items, skipped, cursor: end < size ? String(end) : null, ...(ask.count && { total: { count: size, more: false } }) })
  }
  return { asks, fetch }
}

const settled = () => new Promise((done) => setTimeout(done))

function windowsOf(fetch: (ask: Ask) => Promise<Answer<Row>>, onError = vi.fn()) {
  return new Windows<Row>(fetch, vi.fn(), onError)
}

describe('a list by windows', () => {
  it('knows how long it is from its first page', async () => {
    const windows = windowsOf(hub(1_000_000).fetch)
    windows.show(0, 30)
    await settled()
    expect(windows.count).toBe(1_000_000)
    expect(windows.at(7)).toEqual(row(7))
    expect(windows.at(PAGE)).toBeUndefined()
  })

  it('jumps to the middle without what is between', async () => {
    const { asks, fetch } = hub(1_000_000)
    const windows = windowsOf(fetch)
    windows.show(0, 30)
    await settled()
    windows.show(500_020, 500_050)
    await settled()
    expect(windows.at(500_033)).toEqual(row(500_033))
    expect(asks).toHaveLength(2)
    expect(asks[1]).toMatchObject({ cursor: '100', skip: 499_900 })
  })

  it('shows the last row', async () => {
    const windows = windowsOf(hub(12_345).fetch)
    windows.show(0, 30)
    await settled()
    windows.show(12_320, 12_344)
    await settled()
    expect(windows.at(12_344)).toEqual(row(12_344))
    expect(windows.count).toBe(12_345)
  })

  it('goes on when the hub leaves out fewer than asked, or gives short pages', async () => {
    const windows = windowsOf(hub(5_000, { slow: 700, most: 30 }).fetch)
    windows.show(0, 30)
    await settled()
    windows.show(4_000, 4_020)
    await settled()
    expect(windows.at(4_020)).toEqual(row(4_020))
    expect(windows.at(4_099)).toEqual(row(4_099))
  })

  it('learns the end when there are fewer than were counted', async () => {
    const { fetch } = hub(150)
    const windows = windowsOf(async (ask) => ({ ...(await fetch(ask)), ...(ask.count && { total: { count: 999, more: true } }) }))
    windows.show(0, 30)
    await settled()
    expect(windows.count).toBe(999)
    windows.show(100, 120)
    await settled()
    expect([windows.count, windows.more]).toEqual([150, false])
  })

  it('gives up on rows that were only passed by', async () => {
    const signals: AbortSignal[] = []
    const { fetch } = hub(100_000)
    const windows = new Windows<Row>(
      (ask, signal) => {
        signals.push(signal)
        return ask.skip > 0 ? new Promise(() => undefined) : fetch(ask)
      },
      vi.fn(),
      vi.fn(),
    )
    windows.show(0, 30)
    await settled()
    windows.show(50_000, 50_030)
    windows.show(90_000, 90_030)
    expect(signals[1]?.aborted).toBe(true)
    expect(signals[2]?.aborted).toBe(false)
  })

  it('forgets what was not looked at for long, but never the beginning', async () => {
    const windows = windowsOf(hub(100_000).fetch)
    for (let page = 0; page < 60; page += 1) {
      windows.show(page * PAGE, page * PAGE + 10)
      await settled()
    }
    expect([...windows.here()].length).toBeLessThanOrEqual(41 * PAGE)
    expect(windows.at(0)).toEqual(row(0))
    expect(windows.at(5 * PAGE)).toBeUndefined()
    expect(windows.placeOf(`t${5 * PAGE}`)).toBeUndefined()
  })

  it('changes a row in its place', async () => {
    const windows = new Windows<Row & { state?: string }>(hub(10).fetch, vi.fn(), vi.fn())
    windows.show(0, 9)
    await settled()
    expect(windows.replace({ id: 't3', state: 'running' })).toBe(true)
    expect(windows.at(3)).toEqual({ id: 't3', state: 'running' })
    expect(windows.replace({ id: 'unknown' })).toBe(false)
  })

  it('begins with a page that is here already', async () => {
    const { asks, fetch } = hub(1_000)
    const windows = windowsOf(fetch)
    windows.adopt(Array.from({ length: 200 }, (_, n) => row(n)), '200', 1_000, false)
    windows.show(0, 150)
    expect(asks).toHaveLength(0)
    windows.show(250, 260)
    await settled()
    expect(windows.at(255)).toEqual(row(255))
    expect(asks[0]).toMatchObject({ cursor: '200', skip: 0 })
  })

  it('asks again for what may be out of date', async () => {
    const { asks, fetch } = hub(300)
    const windows = windowsOf(fetch)
    windows.show(0, 30)
    await settled()
    windows.refresh()
    windows.show(0, 30)
    await settled()
    expect(asks).toHaveLength(2)
    expect(windows.at(0)).toEqual(row(0))
  })

  it('is empty when nothing matches any more', async () => {
    let size = 150
    const windows = windowsOf((ask) => hub(size).fetch(ask))
    windows.show(0, 30)
    await settled()
    size = 0
    windows.refresh()
    windows.show(0, 30)
    await settled()
    expect([windows.count, windows.at(0), windows.placeOf('t0'), windows.isBusy]).toEqual([0, undefined, undefined, false])
  })

  it('says when the hub refuses, and does not ask again at once', async () => {
    const refused = vi.fn(() => Promise.reject(new Error('busy')))
    const onError = vi.fn()
    const windows = windowsOf(refused, onError)
    windows.show(0, 30)
    await settled()
    windows.show(0, 30)
    await settled()
    expect(onError).toHaveBeenCalledOnce()
    expect(refused).toHaveBeenCalledOnce()
  })
})
