import { describe, expect, it } from 'vitest'

import type { HubEvent } from '@/api/types'
import { readBack, type Page } from '@/components/older'

const events = (from: number, to: number): HubEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ seq: from + index, type: 'task.created', entity: 'a', actor: 'ann', at: 0, data: {} }))
const seqs = (list: readonly HubEvent[]) => list.map((each) => each.seq)

/** A hub with these events, which reads 200 at most and counts how often it was asked. */
function hub(all: HubEvent[], fits: (each: HubEvent) => boolean = () => true) {
  const asked: number[] = []
  async function read(after: number): Promise<Page> {
    asked.push(after)
    const later = all.filter((each) => each.seq > after && fits(each)).slice(0, 200)
    const isFull = later.length === 200
    return { events: later, reached: isFull ? later.at(-1)!.seq : (all.at(-1)?.seq ?? after) }
  }
  return { read, asked }
}

describe('reading back', () => {
  it('takes the newest with one request', async () => {
    const { read, asked } = hub(events(1, 5_000))
    const found = await readBack(read, 5_001, 1)
    expect(seqs([...found.events]).sort((a, b) => a - b)).toEqual(seqs(events(4_801, 5_000)))
    expect(found.from).toBe(4_801)
    expect(asked).toHaveLength(1)
  })

  it('leaves no hole: windows join on to each other', async () => {
    const { read } = hub(events(1, 900))
    const all: number[] = []
    for (let before = 901; before > 1; ) {
      const found = await readBack(read, before, 1)
      all.push(...seqs([...found.events]))
      before = found.from
    }
    expect(all.sort((a, b) => a - b)).toEqual(seqs(events(1, 900)))
  })

  it('looks further when a filter finds nothing, with few requests', async () => {
    const { read, asked } = hub(events(1, 90_000), (each) => each.seq === 7)
    let [before, found] = [90_001, 0]
    for (let times = 0; times < 4 && before > 1; times += 1) {
      const stretch = await readBack(read, before, 1)
      found += stretch.events.length
      before = stretch.from
    }
    expect(found).toBe(1)
    expect(asked.length).toBeLessThanOrEqual(12)
  })

  it('reads less when there is more than it thought', async () => {
    // Nothing among the newest, everything before that: the large window meets a crowd.
    const { read, asked } = hub(events(1, 60_000), (each) => each.seq < 50_000)
    const stretch = await readBack(read, 60_001, 1)
    expect(asked.length).toBeLessThanOrEqual(40)
    const found = seqs([...stretch.events]).sort((a, b) => a - b)
    expect(found.at(-1)).toBe(49_999)
    expect(found).toEqual(seqs(events(stretch.from, 49_999)))
  })

  it('ends at the oldest that is kept', async () => {
    const { read } = hub(events(500, 520))
    const found = await readBack(read, 521, 500)
    expect(found.from).toBe(500)
    expect(found.events).toHaveLength(21)
  })
})
