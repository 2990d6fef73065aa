import { describe, expect, it } from 'vitest'

import type { HubEvent } from '@/api/types'
import { EMPTY, MOST_ROWS, arrive, reachBack, release } from '@/views/events/feed'
import { keyOf, rowsOf } from '@/views/events/rows'

function event(seq: number, over: Partial<HubEvent> = {}): HubEvent {
  return { seq, type: 'task.created', entity: `task-${seq}`, actor: 'ann', at: seq, data: { state: 'queued' }, ...over }
}

const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index))
const seqs = (list: readonly HubEvent[]) => list.map((each) => each.seq)

describe('the list of events', () => {
  it('has the newest on top, each once', () => {
    const feed = arrive(arrive(EMPTY, events(1, 3), false), events(2, 5), false)
    expect(seqs(feed.rows)).toEqual([5, 4, 3, 2, 1])
  })

  it('does not move while it is held; what came waits and is counted', () => {
    const held = arrive(arrive(EMPTY, events(1, 2), false), events(3, 40), true)
    expect(seqs(held.rows)).toEqual([2, 1])
    expect(held.news).toBe(38)
    const shown = release(held)
    expect(shown.rows).toHaveLength(40)
    expect(shown.news).toBe(0)
  })

  it('never keeps more than fit, held or not', () => {
    expect(arrive(EMPTY, events(1, 5_000), false).rows).toHaveLength(MOST_ROWS)
    const held = arrive(EMPTY, events(1, 5_000), true)
    expect(held.waiting).toHaveLength(MOST_ROWS)
    expect(held.news).toBe(5_000)
    expect(release(held).rows[0]?.seq).toBe(5_000)
  })

  it('goes back, and gives up the newest when that is too much', () => {
    const full = arrive(EMPTY, events(1_000, 2_999), false)
    const back = reachBack(full, events(900, 999))
    expect(back.away).toBe(true)
    expect(back.rows).toHaveLength(MOST_ROWS)
    expect(back.rows.at(-1)?.seq).toBe(900)
    expect(back.rows[0]?.seq).toBe(2_899)
  })

  it('does not join what happens now on to rows that are not the newest', () => {
    const back = reachBack(arrive(EMPTY, events(1_000, 2_999), false), events(900, 999))
    const later = arrive(back, events(3_000, 3_009), false)
    expect(later.rows[0]?.seq).toBe(2_899)
    expect(later.news).toBe(10)
    expect(release(later)).toBe(later)
  })
})

describe('the lines of the list', () => {
  it('are one an event, and those of its JSON while it is open', () => {
    const rows = rowsOf([event(2), event(1)], new Set([2]))
    expect(rows[0]).toMatchObject({ kind: 'event', isOpen: true })
    expect(rows.at(-1)).toMatchObject({ kind: 'event', isOpen: false })
    expect(rows.filter((row) => row.kind === 'detail').length).toBeGreaterThan(7)
    expect(new Set(rows.map(keyOf)).size).toBe(rows.length)
  })

  it('show hostile text as text, on as many lines as there are at most', () => {
    const hostile = event(1, { data: { text: '<img src=x>\u202e', list: Array.from({ length: 5_000 }, () => 1) } })
    const rows = rowsOf([hostile], new Set([1]))
    const text = rows.flatMap((row) => (row.kind === 'detail' ? row.pieces.map((piece) => piece.text) : [])).join('')
    expect(text).toContain('<img src=x>')
    expect(text).not.toContain('\u202e')
    expect(rows.length).toBeLessThanOrEqual(202)
  })
})
