import { describe, expect, it } from 'vitest'

import { NOTHING, all, extend, toggle } from '@/views/fleet/selection'

const SHOWN = ['a', 'b', 'c', 'd', 'e']

describe('a selection', () => {
  it('takes a row and lets it go again', () => {
    const one = toggle(NOTHING, 'b')
    expect([...one.ids]).toEqual(['b'])
    expect([...toggle(one, 'b').ids]).toEqual([])
  })

  it('reaches from the row picked last to this one, either way', () => {
    const down = extend(toggle(NOTHING, 'b'), 'd', SHOWN)
    expect([...down.ids]).toEqual(['b', 'c', 'd'])
    const up = extend(toggle(NOTHING, 'd'), 'b', SHOWN)
    expect([...up.ids].sort()).toEqual(['b', 'c', 'd'])
  })

  it('keeps its anchor while the range grows', () => {
    const range = extend(extend(toggle(NOTHING, 'b'), 'c', SHOWN), 'e', SHOWN)
    expect([...range.ids]).toEqual(['b', 'c', 'd', 'e'])
    expect(range.anchor).toBe('b')
  })

  it('takes just the row when the anchor is not shown any more', () => {
    expect([...extend({ ids: new Set(), anchor: 'gone' }, 'c', SHOWN).ids]).toEqual(['c'])
    expect(extend(NOTHING, 'gone', SHOWN)).toBe(NOTHING)
  })

  it('may be everything', () => {
    expect(all(SHOWN).ids.size).toBe(5)
  })
})
