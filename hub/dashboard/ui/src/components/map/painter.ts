/** Paints the fleet map on a canvas: all of it, or only the cells that look different now. */

import type { FleetAgent } from '@/components/agents'

import { shareOf, statusOf } from './faces'
import type { Block, Packing, Spot } from './packing'
import { drawCell, drawMark, rounded, type Palette } from './shapes'

/** An agent and how it looks. */
export interface Sight {
  readonly agent: FleetAgent
  readonly face: number
  /** It is not among what the legend was asked for. */
  readonly dim: boolean
}

const FAMILY = '"Inter Variable", Inter, system-ui, sans-serif'
const DIM = 0.14
/** Text may turn the direction of what follows it; on a map nothing may. */
const UNRULY = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const MOST_TEXT = 120
const MOST_PIPS = 16

/** Draws cells; keeps a picture of each look, because most cells share a few. */
export class Painter {
  private readonly pictures = new Map<number, HTMLCanvasElement>()
  private readonly ctx: CanvasRenderingContext2D

  constructor(
    canvas: HTMLCanvasElement,
    private readonly packing: Packing,
    private readonly palette: Palette,
    width: number,
    private readonly ratio: number,
  ) {
    canvas.width = Math.max(1, Math.round(width * ratio))
    canvas.height = Math.max(1, Math.round(packing.height * ratio))
    const ctx = canvas.getContext('2d')
    if (ctx === null) throw new Error('this browser has no canvas')
    ctx.scale(ratio, ratio)
    this.ctx = ctx
  }

  /** Writes the names of the groups. */
  heads(): void {
    const named = this.packing.blocks.filter((block) => block.label !== '')
    for (const block of named) this.head(block)
  }

  private head(block: Block): void {
    const { ctx, palette } = this
    const count = String(block.count)
    ctx.textBaseline = 'alphabetic'
    ctx.font = `400 11px ${FAMILY}`
    const room = block.width - ctx.measureText(count).width - 6
    ctx.font = `500 11px ${FAMILY}`
    const label = this.fitting(block.label, room)
    ctx.fillStyle = palette.muted
    ctx.fillText(label, block.x, block.y + 12)
    const after = block.x + ctx.measureText(label).width + 6
    ctx.font = `400 11px ${FAMILY}`
    ctx.fillStyle = palette.subtle
    ctx.fillText(count, after, block.y + 12)
  }

  /** Paints one cell over whatever was there. */
  cell(index: number, sight: Sight): void {
    const spot = this.packing.spots[index]
    if (spot === undefined) return
    const { cell, grain } = this.packing
    this.ctx.clearRect(spot.x - 0.5, spot.y - 0.5, cell.width + 1, cell.height + 1)
    this.ctx.globalAlpha = sight.dim ? DIM : 1
    if (grain === 'tile') this.tile(spot, sight)
    else if (grain === 'label') this.label(spot, sight)
    else this.ctx.drawImage(this.picture(sight.face), spot.x, spot.y, cell.width, cell.height)
    this.ctx.globalAlpha = 1
  }

  private picture(face: number): HTMLCanvasElement {
    const known = this.pictures.get(face)
    if (known !== undefined) return known
    const size = this.packing.cell.width
    const made = document.createElement('canvas')
    made.width = made.height = Math.max(1, Math.round(size * this.ratio))
    const ctx = made.getContext('2d')
    if (ctx !== null) {
      ctx.scale(made.width / size, made.height / size)
      drawCell(ctx, statusOf(face), shareOf(face), this.palette, { x: 0, y: 0, size })
    }
    this.pictures.set(face, made)
    return made
  }

  private tile(spot: Spot, { agent, face }: Sight): void {
    const { ctx, palette } = this
    const { width, height } = this.packing.cell
    const status = statusOf(face)
    ctx.fillStyle = palette.sunken
    ctx.strokeStyle = palette.line
    ctx.lineWidth = 1
    rounded(ctx, spot.x + 0.5, spot.y + 0.5, width - 1, height - 1, 8)
    ctx.fill()
    ctx.stroke()
    drawMark(ctx, status, palette, { x: spot.x + 14, y: spot.y + 15, size: 10 })
    const isThere = status !== 'offline' && status !== 'inactive'
    this.write(agent.name, spot.x + 33, spot.y + 25, width - 46, `600 13px`, isThere ? palette.text : palette.muted)
    const where = [status, agent.host ?? ''].filter((word) => word !== '').join(' · ')
    this.write(where, spot.x + 33, spot.y + 42, width - 46, '400 11px', palette.subtle)
    const taken = `${agent.running} / ${agent.slots}`
    ctx.font = `400 11px ${FAMILY}`
    const room = width - 28 - ctx.measureText(taken).width - 10
    this.write(taken, spot.x + width - 14 - ctx.measureText(taken).width, spot.y + 63, width, '400 11px', palette.muted)
    this.slots(spot.x + 14, spot.y + 56, room, 5, agent, status)
  }

  private label(spot: Spot, { agent, face }: Sight): void {
    const { ctx, palette } = this
    const { width, height } = this.packing.cell
    const status = statusOf(face)
    ctx.fillStyle = palette.sunken
    rounded(ctx, spot.x, spot.y, width, height, 6)
    ctx.fill()
    drawMark(ctx, status, palette, { x: spot.x + 9, y: spot.y + 9, size: 9 })
    this.write(agent.name, spot.x + 25, spot.y + 18, width - 33, '500 12px', palette.text)
    this.slots(spot.x + 9, spot.y + height - 11, width - 18, 3, agent, status)
  }

  /** A pip for each slot while they can be counted, otherwise a bar. */
  private slots(x: number, y: number, width: number, height: number, agent: FleetAgent, status: string): void {
    const { ctx, palette } = this
    const pips = agent.slots >= 1 && agent.slots <= MOST_PIPS ? agent.slots : 1
    const gap = pips > 1 ? 3 : 0
    const each = (width - gap * (pips - 1)) / pips
    const share = agent.slots > 0 ? Math.min(1, agent.running / agent.slots) : 0
    const taken = pips > 1 ? agent.running : share
    for (let pip = 0; pip < pips; pip += 1) {
      const left = x + pip * (each + gap)
      ctx.fillStyle = palette.line
      rounded(ctx, left, y, each, height, height / 2)
      ctx.fill()
      const part = Math.max(0, Math.min(1, taken - pip))
      if (part === 0) continue
      ctx.fillStyle = palette.colours[status] ?? palette.muted
      rounded(ctx, left, y, Math.max(height, each * part), height, height / 2)
      ctx.fill()
    }
  }

  private write(text: string, x: number, y: number, room: number, font: string, colour: string): void {
    this.ctx.font = `${font} ${FAMILY}`
    this.ctx.fillStyle = colour
    this.ctx.textBaseline = 'alphabetic'
    this.ctx.fillText(this.fitting(text, room), x, y)
  }

  /** The text, or as much of its beginning as there is room for. */
  private fitting(given: string, room: number): string {
    const text = given.slice(0, MOST_TEXT).replace(UNRULY, '')
    if (this.ctx.measureText(text).width <= room) return text
    let [low, high] = [0, text.length]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.ctx.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle
      else high = middle - 1
    }
    return low === 0 ? '' : `${text.slice(0, low)}…`
  }
}
