import { describe, expect, it } from 'vitest'

import { MOST_PX, VirtualScroll } from '@/components/virtual'

function listOf(count: number, viewport = 800, rowHeight = 32) {
  const scroll = new VirtualScroll(count, rowHeight)
  scroll.viewport = viewport
  return scroll
}
const onScreen = (scroll: VirtualScroll) => Math.floor(scroll.top / 32)

describe('a list that fits the browser', () => {
  it('goes with the bar', () => {
    const scroll = listOf(1_000)
    scroll.scrolled(320)
    expect(scroll.rows()).toMatchObject({ first: 4, end: 41 })
    expect(scroll.rows().offset).toBe(4 * 32)
    expect(scroll.settle()).toBeNull()
  })

  it('shows no row twice and none too many at its ends', () => {
    const scroll = listOf(10)
    expect(scroll.rows()).toEqual({ first: 0, end: 10, offset: 0 })
  })

  it('stays at the end when it gets shorter', () => {
    const scroll = listOf(1_000)
    scroll.to(31_000)
    scroll.resize(100, 32)
    expect(scroll.top).toBe(100 * 32 - 800)
  })

  it('keeps its first row when rows get higher', () => {
    const scroll = listOf(1_000)
    scroll.to(3_200)
    scroll.resize(1_000, 40)
    expect(scroll.top).toBe(4_000)
  })
})

describe('a list of 1,000,000 rows', () => {
  it('has a spacer that every browser can show', () => {
    expect(listOf(1_000_000).height).toBe(MOST_PX)
  })

  it('moves by exactly the pixels of the wheel', () => {
    const scroll = listOf(1_000_000)
    scroll.scrolled(100)
    scroll.scrolled(220)
    expect(scroll.top).toBe(220)
  })

  it('reaches its last row and its first', () => {
    const scroll = listOf(1_000_000)
    scroll.scrolled(MOST_PX - 800)
    expect(scroll.rows().end).toBe(1_000_000)
    expect(scroll.top).toBe(32_000_000 - 800)
    scroll.scrolled(0)
    expect(scroll.rows().first).toBe(0)
  })

  it('jumps to the share of the bar', () => {
    const scroll = listOf(1_000_000)
    scroll.scrolled((MOST_PX - 800) / 2)
    expect(onScreen(scroll)).toBe(Math.floor((32_000_000 - 800) / 2 / 32))
  })

  it('puts the bar right after small steps, without moving a row', () => {
    const scroll = listOf(1_000_000)
    scroll.scrolled(MOST_PX / 2)
    for (let step = 1; step <= 50; step++) scroll.scrolled(MOST_PX / 2 + step * 500)
    const before = scroll.top
    const place = scroll.rows().offset - scroll.bar
    expect(scroll.settle()).not.toBeNull()
    expect(scroll.top).toBe(before)
    expect(scroll.rows().offset - scroll.bar).toBeCloseTo(place, 3)
    expect(scroll.settle()).toBeNull()
  })

  it('reveals a row with as little movement as it takes', () => {
    const scroll = listOf(1_000_000)
    expect(scroll.reveal(3)).toBeNull()
    scroll.reveal(999_999)
    expect(scroll.rows().end).toBe(1_000_000)
    scroll.reveal(500_000)
    expect(onScreen(scroll)).toBe(500_000)
  })

  it('has few rows in the page', () => {
    const scroll = listOf(1_000_000)
    scroll.to(16_000_000)
    const { first, end } = scroll.rows()
    expect(end - first).toBeLessThanOrEqual(50)
  })
})
