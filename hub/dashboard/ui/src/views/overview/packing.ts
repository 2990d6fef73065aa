/** Where each agent's cell stands on the map: pure geometry, in CSS pixels. */

/** Agents that stand together. `members` are indexes of the agents, in the order of the map. */
export interface Group {
  readonly key: string
  readonly label: string
  readonly members: readonly number[]
}

/** How a cell is drawn: as a card, as a name, as a mark, or as a shape of a few pixels. */
export type Grain = 'tile' | 'label' | 'block' | 'dot'

export interface Spot {
  readonly x: number
  readonly y: number
}

/** A group's place; `width` is what its name may take. */
export interface Block {
  readonly key: string
  readonly label: string
  readonly count: number
  readonly x: number
  readonly y: number
  readonly width: number
}

export interface Packing {
  readonly grain: Grain
  readonly cell: Size
  readonly height: number
  /** By the index of the agent. */
  readonly spots: readonly Spot[]
  readonly blocks: readonly Block[]
}

/** What a cell takes, and the gap after it. */
export interface Size {
  readonly width: number
  readonly height: number
  readonly gap: number
}

const HEAD = 20
const BLOCK_GAP = 18
const SHELF_GAP = 16
const LEAST_BLOCK = 84
const MOST_TILES = 40
const TILE = { least: 184, most: 268, height: 76, gap: 10 }
const LABEL = { least: 124, most: 168, height: 40, gap: 6 }
/** From the largest square to the smallest that still shows a shape. */
const PITCHES = [38, 32, 28, 24, 21, 18, 16, 14, 12, 11, 10, 9, 8, 7] as const
const BLOCK_FROM = 18

/**
 * Places groups on a map of this width: as large as fits into `height`, never smaller than the
 * smallest cell; then the map becomes higher than that. A few agents are cards at any height.
 */
export function pack(groups: readonly Group[], width: number, height: number): Packing {
  const total = groups.reduce((sum, group) => sum + group.members.length, 0)
  if (total <= MOST_TILES) return place(groups, width, flexible(width, total, TILE), 'tile')
  const named = place(groups, width, flexible(width, total, LABEL), 'label')
  if (named.height <= height) return named
  for (const pitch of PITCHES) {
    const packing = place(groups, width, square(pitch), pitch >= BLOCK_FROM ? 'block' : 'dot')
    if (packing.height <= height || pitch === PITCHES.at(-1)) return packing
  }
  return named
}

function square(pitch: number): Size {
  const gap = pitch >= BLOCK_FROM ? 4 : pitch >= 11 ? 2 : 1
  return { width: pitch - gap, height: pitch - gap, gap }
}

/** As wide as lets whole columns fill the map. */
function flexible(width: number, count: number, of: typeof TILE | typeof LABEL): Size {
  const fitting = Math.floor((width + of.gap) / (of.least + of.gap))
  const columns = Math.max(1, Math.min(count, fitting))
  const each = Math.floor((width + of.gap) / columns) - of.gap
  return { width: Math.max(1, Math.min(of.most, each)), height: of.height, gap: of.gap }
}

/** Groups stand beside each other on shelves, as words on lines. */
function place(groups: readonly Group[], width: number, size: Size, grain: Grain): Packing {
  const spots: Spot[] = []
  const blocks: Block[] = []
  const hasHeads = groups.length > 1
  const head = hasHeads ? HEAD : 0
  let [x, y, shelf] = [0, 0, 0]
  for (const group of groups) {
    const columns = columnsOf(group.members.length, width, size, hasHeads)
    const needed = columns * (size.width + size.gap) - size.gap
    if (x > 0 && x + needed > width) {
      y += shelf + SHELF_GAP
      x = shelf = 0
    }
    group.members.forEach((member, index) => {
      spots[member] = {
        x: x + (index % columns) * (size.width + size.gap),
        y: y + head + Math.floor(index / columns) * (size.height + size.gap),
      }
    })
    const rows = Math.ceil(group.members.length / columns)
    const { key, label } = group
    blocks.push({ key, label, count: group.members.length, x, y, width: needed })
    shelf = Math.max(shelf, head + rows * (size.height + size.gap) - size.gap)
    x += needed + BLOCK_GAP
  }
  return { grain, cell: size, height: y + shelf, spots, blocks }
}

/** A group is somewhat wider than high, wide enough for its name, never wider than the map. */
function columnsOf(count: number, width: number, size: Size, hasHeads: boolean): number {
  const pitch = size.width + size.gap
  const most = Math.max(1, Math.floor((width + size.gap) / pitch))
  if (!hasHeads) return most
  const shape = Math.ceil(Math.sqrt((count * 2.2 * (size.height + size.gap)) / pitch))
  const named = Math.ceil(LEAST_BLOCK / pitch)
  return Math.max(1, Math.min(most, Math.max(shape, named)))
}

/** The agent whose cell, or the gap after it, is at a place; -1 beside all cells. */
export function cellAt(packing: Packing, x: number, y: number): number {
  const width = packing.cell.width + packing.cell.gap
  const height = packing.cell.height + packing.cell.gap
  return packing.spots.findIndex(
    (spot) => x >= spot.x && x < spot.x + width && y >= spot.y && y < spot.y + height,
  )
}

export type Way = 'left' | 'right' | 'up' | 'down' | 'first' | 'last'

/**
 * The next cell in a direction. Left and right go through the map as one reads, up and down to
 * the nearest cell of the next row, also of the next group.
 */
export function step(packing: Packing, order: readonly number[], from: number, way: Way): number {
  const at = order.indexOf(from)
  if (way === 'first' || at < 0) return order[0] ?? -1
  if (way === 'last') return order.at(-1) ?? -1
  if (way === 'left') return order[Math.max(0, at - 1)] ?? from
  if (way === 'right') return order[Math.min(order.length - 1, at + 1)] ?? from
  return nearestRow(packing, order, from, way === 'down' ? 1 : -1)
}

/** Rows first, then what is nearest in the row. */
function nearestRow(packing: Packing, order: readonly number[], from: number, sign: number): number {
  const here = packing.spots[from]
  if (here === undefined) return from
  let [best, bestRows, bestSide] = [from, Infinity, Infinity]
  for (const index of order) {
    const spot = packing.spots[index]
    const rows = spot === undefined ? 0 : (spot.y - here.y) * sign
    if (spot === undefined || rows <= 0 || rows > bestRows) continue
    const side = Math.abs(spot.x - here.x)
    if (rows < bestRows || side < bestSide) [best, bestRows, bestSide] = [index, rows, side]
  }
  return best
}
