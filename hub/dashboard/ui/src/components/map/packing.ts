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
/** How much wider than high a group is. */
const SHAPE = 2.2
const MOST_TILES = 40
const TILE = { least: 184, most: 268, height: 76, gap: 10 }
/** A few cards are spread evenly over their rows; many fill each row. */
const FEW_ROWS = 3
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
  const rows = Math.ceil(count / Math.max(1, fitting))
  const columns = rows <= FEW_ROWS ? Math.max(1, Math.ceil(count / Math.max(1, rows))) : fitting
  const each = Math.floor((width + of.gap) / columns) - of.gap
  return { width: Math.max(1, Math.min(of.most, each)), height: of.height, gap: of.gap }
}

/** Groups stand beside each other on shelves, as words on lines; each shelf is filled. */
function place(groups: readonly Group[], width: number, size: Size, grain: Grain): Packing {
  const hasHeads = groups.length > 1
  const spots: Spot[] = []
  const blocks: Block[] = []
  let y = 0
  for (const shelf of hasHeads ? shelves(groups, width, size) : [groups]) {
    if (y > 0) y += SHELF_GAP
    y += fill(shelf, { y, width, size, head: hasHeads ? HEAD : 0 }, spots, blocks)
  }
  return { grain, cell: size, height: y, spots, blocks }
}

/** As many groups on a shelf as there is room for when each is somewhat wider than high. */
function shelves(groups: readonly Group[], width: number, size: Size): Group[][] {
  const found: Group[][] = []
  let x = Infinity
  for (const group of groups) {
    const needed = widthOf(shapely(group.members.length, size), size)
    if (x + needed > width) {
      found.push([])
      x = 0
    }
    found.at(-1)?.push(group)
    x += needed + BLOCK_GAP
  }
  return found
}

interface Shelf {
  readonly y: number
  readonly width: number
  readonly size: Size
  readonly head: number
}

/** Puts the groups of a shelf down, in the fewest rows in which all fit. Returns its height. */
function fill(groups: readonly Group[], shelf: Shelf, spots: Spot[], blocks: Block[]): number {
  const { y, width, size, head } = shelf
  const columns = columnsOf(groups, width, size, head > 0)
  let [x, height] = [0, 0]
  groups.forEach(({ key, label, members }, index) => {
    const across = columns[index] ?? 1
    members.forEach((member, place) => {
      spots[member] = {
        x: x + (place % across) * (size.width + size.gap),
        y: y + head + Math.floor(place / across) * (size.height + size.gap),
      }
    })
    const needed = widthOf(across, size)
    blocks.push({ key, label, count: members.length, x, y, width: needed })
    const rows = Math.ceil(members.length / across)
    height = Math.max(height, head + rows * (size.height + size.gap) - size.gap)
    x += needed + BLOCK_GAP
  })
  return height
}

function columnsOf(groups: readonly Group[], width: number, size: Size, hasHeads: boolean): number[] {
  const most = Math.max(1, Math.floor((width + size.gap) / (size.width + size.gap)))
  const least = hasHeads ? named(size) : 1
  const counts = groups.map((group) => group.members.length)
  const tallest = Math.max(1, ...counts)
  for (let rows = 1; rows < tallest; rows += 1) {
    const columns = counts.map((count) => Math.max(least, Math.ceil(count / rows)))
    const needed = columns.reduce((sum, each) => sum + widthOf(each, size) + BLOCK_GAP, -BLOCK_GAP)
    if (needed <= width) return columns
  }
  return counts.map(() => Math.min(most, least))
}

function shapely(count: number, size: Size): number {
  const ratio = (SHAPE * (size.height + size.gap)) / (size.width + size.gap)
  return Math.max(named(size), Math.ceil(Math.sqrt(count * ratio)))
}

/** So many columns leave room for a name. */
function named(size: Size): number {
  return Math.ceil(LEAST_BLOCK / (size.width + size.gap))
}

function widthOf(columns: number, size: Size): number {
  return columns * (size.width + size.gap) - size.gap
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
