/** What areas are filled with: a colour, and a texture for who cannot tell colours apart. */

import { faint } from '@/components/theme'

/** The more urgent, the more ink. */
export type Texture = 'plain' | 'dots' | 'hatch'

const TILE = 5
const tiles = new Map<string, CanvasPattern>()

/** A fill for a canvas; where there are no patterns, the colour alone. */
export function fillOf(colour: string, share: number, texture: Texture): string | CanvasPattern {
  const key = `${colour} ${share} ${texture} ${devicePixelRatio}`
  const fill = tiles.get(key) ?? patternOf(faint(colour, share), colour, texture)
  if (typeof fill !== 'string') tiles.set(key, fill)
  return fill
}

function patternOf(ground: string, ink: string, texture: Texture): string | CanvasPattern {
  const tile = document.createElement('canvas')
  const size = Math.round(TILE * devicePixelRatio)
  tile.width = tile.height = size
  const context = texture === 'plain' ? null : tile.getContext('2d')
  if (context === null) return ground
  context.fillStyle = ground
  context.fillRect(0, 0, size, size)
  context.fillStyle = context.strokeStyle = ink
  if (texture === 'dots') context.fillRect(0, 0, size * 0.3, size * 0.3)
  else drawHatch(context, size)
  return context.createPattern(tile, 'repeat') ?? ground
}

/** Three strokes, so that the corners of neighbours meet. */
function drawHatch(context: CanvasRenderingContext2D, size: number): void {
  context.lineWidth = size * 0.22
  context.beginPath()
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift - 1, size + 1)
    context.lineTo(shift + size + 1, -1)
  }
  context.stroke()
}
