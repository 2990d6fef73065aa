import { describe, expect, it } from 'vitest'

import { cellAt, pack, step, type Group, type Packing } from '@/components/map/packing'

function groups(...sizes: number[]): Group[] {
  let next = 0
  return sizes.map((size, index) => {
    const members = Array.from({ length: size }, () => next++)
    return { key: `g${index}`, label: `group ${index}`, members }
  })
}

function order(of: Group[]): number[] {
  return of.flatMap((group) => group.members)
}

function isInside(packing: Packing, width: number): boolean {
  const { cell, height } = packing
  return packing.spots.every(
    (spot) => spot.x >= 0 && spot.x + cell.width <= width && spot.y >= 0 && spot.y + cell.height <= height + 0.01,
  )
}

function areApart(packing: Packing): boolean {
  const taken = new Set(packing.spots.map((spot) => `${spot.x} ${spot.y}`))
  return taken.size === packing.spots.length
}

describe('a map', () => {
  it.each([
    [5, 'tile'],
    [40, 'tile'],
    [60, 'label'],
    [600, 'block'],
    [10_000, 'dot'],
  ])('shows %s agents as %s', (count, grain) => {
    expect(pack(groups(count), 1_100, 440).grain).toBe(grain)
  })

  it.each([
    [[1], 320],
    [[5], 1_100],
    [[3, 2], 360],
    [[300, 40, 12, 7, 1], 900],
    [[10_000], 1_100],
    [[4_000, 3_000, 2_000, 500, 500], 1_100],
    [Array.from({ length: 80 }, () => 125), 1_100],
    [[10_000], 328],
  ])('has a place of its own for each of %s agents on %s pixels', (sizes, width) => {
    const packing = pack(groups(...sizes), width, 440)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    expect(packing.spots.filter(Boolean)).toHaveLength(total)
    expect(areApart(packing)).toBe(true)
    expect(isInside(packing, width)).toBe(true)
  })

  it('takes the largest cells that fit into its height', () => {
    const [low, high] = [pack(groups(900), 1_000, 120), pack(groups(900), 1_000, 500)]
    expect(high.cell.width).toBeGreaterThan(low.cell.width)
    expect(high.height).toBeLessThanOrEqual(500)
  })

  it('grows rather than lose shapes', () => {
    const packing = pack(groups(60_000), 800, 200)
    expect(packing.cell.width).toBe(6)
    expect(packing.height).toBeGreaterThan(200)
  })

  it('names groups only when there are several, and counts them', () => {
    const one = pack(groups(50), 800, 400)
    const two = pack(groups(50, 30), 800, 400)
    expect(Math.min(...one.spots.map((spot) => spot.y))).toBe(0)
    expect(Math.min(...two.spots.map((spot) => spot.y))).toBe(20)
    expect(two.blocks.map((block) => [block.label, block.count])).toEqual([['group 0', 50], ['group 1', 30]])
  })
})

describe('on the map', () => {
  const of = groups(12, 8)
  const packing = pack(of, 420, 440)

  it('a pointer finds the cell it is over, and none beside them', () => {
    packing.spots.forEach((spot, index) => {
      expect(cellAt(packing, spot.x + 1, spot.y + 1)).toBe(index)
    })
    expect(cellAt(packing, 5_000, 5_000)).toBe(-1)
  })

  it('arrows go through every cell and back', () => {
    const all = order(of)
    let here = step(packing, all, -1, 'right')
    const seen = [here]
    for (let count = 1; count < all.length; count += 1) seen.push((here = step(packing, all, here, 'right')))
    expect(seen).toEqual(all)
    expect(step(packing, all, here, 'right')).toBe(here)
    expect(step(packing, all, here, 'first')).toBe(all[0])
    expect(step(packing, all, 0, 'last')).toBe(all.at(-1))
  })

  it('up and down go to the nearest cell of the next row, also of the next group', () => {
    const all = order(of)
    let here = 0
    const rows = [packing.spots[0]!.y]
    for (let next = step(packing, all, here, 'down'); next !== here; next = step(packing, all, here, 'down')) {
      here = next
      rows.push(packing.spots[here]!.y)
    }
    expect(rows).toEqual([...new Set(packing.spots.map((spot) => spot.y))].sort((a, b) => a - b))
    expect(packing.spots[step(packing, all, here, 'up')]!.y).toBeLessThan(packing.spots[here]!.y)
  })
})
