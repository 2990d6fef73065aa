import { describe, expect, it } from 'vitest'

import { MOST_IDS, useSelection } from '@/views/tasks/selection'

/** A list of which only some rows were read. */
const of = (isRead: (place: number) => boolean) => useSelection((place) => (isRead(place) ? `t-${place}` : undefined))

describe('what is selected', () => {
  it('reaches from the last one to this one, either way', () => {
    const selection = of(() => true)
    selection.toggle(5)
    expect(selection.extend(7)).toBe(0)
    expect(selection.extend(4)).toBe(0)
    expect([...selection.ids.value].sort()).toEqual(['t-4', 't-5', 't-6', 't-7'])
  })

  it('tells how many rows between were not read', () => {
    const selection = of((place) => place < 10 || place >= 90)
    selection.toggle(0)
    expect(selection.extend(99)).toBe(80)
    expect(selection.ids.value.size).toBe(20)
  })

  it('tells how many are too many, and does not count twice what it has', () => {
    const selection = of(() => true)
    selection.toggle(0)
    expect(selection.extend(MOST_IDS + 4)).toBe(5)
    expect(selection.ids.value.size).toBe(MOST_IDS)
    expect(selection.extend(MOST_IDS - 1)).toBe(0)
    expect(selection.toggle(MOST_IDS + 1)).toBe(1)
    expect(selection.toggle(0)).toBe(0)
    expect(selection.toggle(MOST_IDS + 1)).toBe(0)
  })
})
