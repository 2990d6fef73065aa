/** The shapes of the map: each status has one of its own, so that colour is never needed. */

import { lookOf, SHAPES } from '@/components/status'

/** What painting needs to know of the theme. */
export interface Palette {
  /** By status word. */
  readonly colours: Readonly<Record<string, string>>
  readonly text: string
  readonly muted: string
  readonly subtle: string
  readonly line: string
  readonly sunken: string
  /** How strong a filled area is: dark blue on white is heavy, so light themes take less. */
  readonly fill: number
}

/** A square place for a shape, in CSS pixels. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly size: number
}

type Draw = (ctx: CanvasRenderingContext2D, place: Place) => void

const MARK_BOX = 12
const MARK_STROKE = 1.6
/** Smaller cells have no room for a mark of thin lines. */
const MARKED_FROM = 14
const paths = new Map<string, Path2D>()

/** Draws the mark of a status, in its colour: the same as beside its word elsewhere. */
export function drawMark(
  ctx: CanvasRenderingContext2D,
  status: string,
  palette: Palette,
  { x, y, size }: Place,
): void {
  const { shape } = lookOf(status)
  let path = paths.get(shape)
  if (path === undefined) paths.set(shape, (path = new Path2D(SHAPES[shape])))
  ctx.save()
  ctx.translate(x, y)
  ctx.scale(size / MARK_BOX, size / MARK_BOX)
  ctx.fillStyle = ctx.strokeStyle = palette.colours[status] ?? palette.muted
  ctx.lineWidth = MARK_STROKE
  ctx.lineCap = ctx.lineJoin = 'round'
  ctx.stroke(path)
  if (shape === 'triangle') ctx.fill(path)
  ctx.restore()
}

/** The same statuses where there are only a few pixels: solid shapes, no thin lines. */
const SMALL: Readonly<Record<string, Draw>> = {
  paused: bars,
  draining: arrow,
  drained: (ctx, place) => {
    const { x, y, size } = place
    arrow(ctx, { x, y: y - size * 0.1, size })
    ctx.fillRect(x, y + size - 1, size, 1)
  },
  stale: (ctx, { x, y, size }) => {
    ctx.fillRect(x, y, size / 2, size)
    ctx.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1)
  },
  inactive: (ctx, { x, y, size }) => {
    ctx.fillRect(x + size / 2 - 1, y + size / 2 - 1, 2, 2)
  },
}

/** Draws a cell of the map: how full it is, and for all but busy and free agents a mark. */
export function drawCell(
  ctx: CanvasRenderingContext2D,
  status: string,
  share: number,
  palette: Palette,
  place: Place,
): void {
  const colour = palette.colours[status] ?? palette.muted
  ctx.fillStyle = ctx.strokeStyle = colour
  if (status === 'working') drawWork(ctx, share, palette, place)
  else if (status === 'idle') drawIdle(ctx, place)
  else drawMarked(ctx, status, share, palette, place)
}

function drawWork(
  ctx: CanvasRenderingContext2D,
  share: number,
  palette: Palette,
  { x, y, size }: Place,
): void {
  const filled = Math.max(2, Math.round(size * share))
  ctx.save()
  rounded(ctx, x, y, size, size, radius(size))
  ctx.clip()
  ctx.globalAlpha *= 0.26
  ctx.fillRect(x, y, size, size)
  ctx.globalAlpha *= palette.fill / 0.26
  ctx.fillRect(x, y + size - filled, size, filled)
  ctx.restore()
}

/** Free agents are the ground that the others stand out from: a peg where there is little room. */
function drawIdle(ctx: CanvasRenderingContext2D, { x, y, size }: Place): void {
  ctx.save()
  if (size >= MARKED_FROM) {
    ctx.globalAlpha *= 0.45
    ctx.lineWidth = 1
    rounded(ctx, x + 0.5, y + 0.5, size - 1, size - 1, radius(size))
    ctx.stroke()
  } else {
    const peg = Math.max(2, Math.round(size * 0.4))
    const inset = (size - peg) / 2
    ctx.globalAlpha *= 0.5
    rounded(ctx, x + inset, y + inset, peg, peg, peg / 4)
    ctx.fill()
  }
  ctx.restore()
}

function drawMarked(
  ctx: CanvasRenderingContext2D,
  status: string,
  share: number,
  palette: Palette,
  place: Place,
): void {
  const { x, y, size } = place
  if (size >= MARKED_FROM) {
    const filled = Math.round(size * share)
    ctx.save()
    rounded(ctx, x, y, size, size, radius(size))
    ctx.clip()
    ctx.globalAlpha *= 0.14
    ctx.fillRect(x, y, size, size)
    ctx.fillRect(x, y + size - filled, size, filled)
    ctx.restore()
    const inset = Math.round(size * 0.2)
    drawMark(ctx, status, palette, { x: x + inset, y: y + inset, size: size - 2 * inset })
    return
  }
  const inset = size >= 9 ? 1 : 0
  ctx.lineWidth = 1
  ;(SMALL[status] ?? slash)(ctx, { x: x + inset, y: y + inset, size: size - 2 * inset })
}

function radius(size: number): number {
  return size < 9 ? 1 : Math.min(6, size * 0.18)
}

/** A path with round corners. */
export function rounded(
  ctx: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  corner: number,
): void {
  ctx.beginPath()
  ctx.roundRect(x, y, width, height, corner)
}

function bars(ctx: CanvasRenderingContext2D, { x, y, size }: Place): void {
  const width = Math.max(1, size * 0.26)
  ctx.fillRect(x + size * 0.12, y + size * 0.08, width, size * 0.84)
  ctx.fillRect(x + size * 0.88 - width, y + size * 0.08, width, size * 0.84)
}

function arrow(ctx: CanvasRenderingContext2D, { x, y, size }: Place): void {
  ctx.beginPath()
  ctx.moveTo(x, y + size * 0.18)
  ctx.lineTo(x + size, y + size * 0.18)
  ctx.lineTo(x + size / 2, y + size * 0.9)
  ctx.closePath()
  ctx.fill()
}

function slash(ctx: CanvasRenderingContext2D, { x, y, size }: Place): void {
  ctx.beginPath()
  ctx.moveTo(x + size * 0.16, y + size * 0.84)
  ctx.lineTo(x + size * 0.84, y + size * 0.16)
  ctx.stroke()
}
