/** How our charts look in uPlot: hairlines, few marks, and each line's name at its end. */

import uPlot from 'uplot'

import { formatMinute } from '@/components/format'
import { faint, token } from '@/components/theme'

import { lonely, stacked, type Thinned } from './frame'
import { marks, spread, timeMarks } from './scale'
import { fillOf, type Texture } from './texture'
import { inWords, type Labels } from './words'

/** How one line is drawn. */
export interface Stroke {
  readonly name: string
  readonly label: string
  /** The name of a colour token. */
  readonly colour: string
  readonly dash?: readonly number[]
  /** How much of the colour an area is filled with: 0 leaves it empty. */
  readonly fill?: number
  /** What tells an area from its neighbours without colour. */
  readonly texture?: Texture
}

/** What a chart is told beside its numbers. */
export interface Look {
  readonly strokes: readonly Stroke[]
  readonly unit: string
  /** How many milliseconds the time axis has, also when less is known. */
  readonly span: number
  /** Areas one above the other; their sum is the highest line. */
  readonly stacks: boolean
  /** Charts with the same key show their cursors at the same time. */
  readonly cursor: string
  readonly utc: () => boolean
  /** The thinned numbers that are on the screen. */
  readonly drawn: () => Thinned
  readonly hovered: (index: number | null) => void
}

const FONT = '11px "Inter Variable", Inter, system-ui, sans-serif'
const LABEL_HEIGHT = 14
const LABEL_GAP = 7
const LABEL_MARK = 32
/** How wide the mark before a name is, and where the name begins. */
const AREA_MARK = 9
const LINE_MARK = 12
const LABEL_INDENT = 17
const LABEL_SIGN = 6.2
/** How many signs a value has at most. */
const VALUE_SIGNS = 7
const X_MARK = 60
const Y_MARK = 38

/** How lines are called, by their names. */
export function labelsOf(strokes: readonly Stroke[]): Labels {
  return Object.fromEntries(strokes.map(({ name, label }) => [name, label]))
}

/** How wide the column is in which lines are named at their ends. */
export function labelsWidth(strokes: readonly Stroke[]): number {
  const name = strokes.length === 1 ? 0 : Math.max(...strokes.map(({ label }) => label.length + 1))
  return Math.ceil(LABEL_MARK + (name + VALUE_SIGNS) * LABEL_SIGN)
}

/** Everything uPlot needs to know, for a chart of this size. */
export function options(look: Look, width: number, height: number): uPlot.Options {
  const band = look.strokes.length === 1 && !look.stacks
  return {
    width,
    height,
    padding: [8, labelsWidth(look.strokes), 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false, setScale: false },
      points: { size: 7, width: 2 },
      sync: { key: look.cursor, setSeries: false },
    },
    scales: {
      x: { time: true, range: (_self, _from, to) => [to - look.span / 1000, to] },
      y: { range: (_self, _low, high) => yRange(look, height, high) },
    },
    axes: [xAxis(look), yAxis(look, height)],
    series: [{}, ...(band ? bandSeries(look) : lineSeries(look))],
    bands: band ? [{ series: [3, 2], fill: () => areaOf(look.strokes[0]) }] : stackBands(look),
    hooks: {
      draw: [(self) => drawLabels(self, look)],
      setCursor: [(self) => look.hovered(self.cursor.idx ?? null)],
    },
  }
}

/** The numbers as uPlot takes them: in step with the series of `options`. */
export function dataOf(look: Look, drawn: Thinned): uPlot.AlignedData {
  const times = drawn.times.map((time) => time / 1000)
  const [only] = drawn.lines
  if (look.stacks) return [times, ...stacked(drawn)]
  if (look.strokes.length === 1 && only) return [times, only.values, only.low, only.high]
  return [times, ...drawn.lines.map((line) => line.values)]
}

function yMarks(look: Look, height: number, high: number): number[] {
  const top = look.unit === 'ratio' ? Math.max(1, high || 0) : high
  return marks(top, Math.max(2, Math.floor(height / Y_MARK) - 1), look.unit)
}

function yRange(look: Look, height: number, high: number): [number, number] {
  return [0, yMarks(look, height, high).at(-1) ?? 1]
}

function xAxis(look: Look): uPlot.Axis {
  return {
    stroke: () => token('--subtle'),
    font: FONT,
    size: 22,
    gap: 6,
    grid: { show: false },
    ticks: { show: false },
    splits: (self, _axis, from, to) => {
      const most = Math.max(2, Math.floor(self.bbox.width / devicePixelRatio / X_MARK))
      return timeMarks(from * 1000, to * 1000, most).map((time) => time / 1000)
    },
    values: (_self, splits) => splits.map((time) => formatMinute(time * 1000, look.utc())),
  }
}

function yAxis(look: Look, height: number): uPlot.Axis {
  return {
    stroke: () => token('--subtle'),
    font: FONT,
    size: 48,
    gap: 8,
    grid: { stroke: () => faint(token('--line'), 0.7), width: 1 },
    ticks: { show: false },
    splits: (_self, _axis, _from, to) => yMarks(look, height, to),
    values: (_self, splits) => splits.map((value) => markText(value, look.unit)),
  }
}

/** Beside a chart of rates it would be noise to repeat that they are per second. */
function markText(value: number, unit: string): string {
  return value === 0 ? '0' : inWords(value, unit).replace('/s', '')
}

function areaOf(stroke: Stroke | undefined): string | CanvasPattern {
  if (stroke === undefined) return 'transparent'
  return fillOf(token(stroke.colour), stroke.fill ?? 0.14, stroke.texture ?? 'plain')
}

function lineSeries(look: Look): uPlot.Series[] {
  return look.strokes.map((stroke, index) => ({
    label: stroke.label,
    stroke: () => edgeOf(look, index),
    width: look.stacks ? 1 : 1.5,
    dash: stroke.dash?.slice(),
    // The lowest area stands on zero; the others stand on the one below, as bands.
    fill: look.stacks && index === 0 ? () => areaOf(stroke) : undefined,
    points: look.stacks ? { show: false } : onlyLonely(stroke),
  }))
}

/** Of areas only the sum has an edge: an area without height would else be seen as a line. */
function edgeOf(look: Look, index: number): string {
  if (!look.stacks) return token(look.strokes[index]?.colour ?? '--muted')
  return index === look.strokes.length - 1 ? token('--muted') : 'transparent'
}

/** The line itself, and its lowest and highest as invisible edges of a band. */
function bandSeries(look: Look): uPlot.Series[] {
  const stroke = look.strokes[0]
  if (stroke === undefined) return []
  const [line] = lineSeries(look)
  const edge = { stroke: 'transparent', width: 0, points: { show: false } }
  return [{ ...line, fill: () => faint(token(stroke.colour), 0.1) }, { ...edge }, { ...edge }]
}

function stackBands(look: Look): uPlot.Band[] {
  if (!look.stacks) return []
  return look.strokes.slice(1).map((stroke, index) => ({
    series: [index + 2, index + 1],
    fill: () => areaOf(stroke),
  }))
}

function onlyLonely(stroke: Stroke): uPlot.Series.Points {
  return {
    show: true,
    size: 4,
    width: 0,
    fill: () => token(stroke.colour),
    filter: (self, index) => lonely(Array.from(self.data[index] ?? [])),
  }
}

interface EndLabel {
  readonly text: string
  readonly stroke: Stroke
  readonly at: number
}

/** Writes the name and newest value of each line beside its end, none over another. */
function drawLabels(self: uPlot, look: Look): void {
  const ratio = devicePixelRatio
  const labels = endLabels(self, look)
  const top = self.bbox.top + LABEL_GAP * ratio
  const bottom = self.bbox.top + self.bbox.height
  const places = labels.map((label) => label.at)
  const spots = spread(places, LABEL_HEIGHT * ratio, top, bottom)
  const left = self.bbox.left + self.bbox.width + LABEL_GAP * ratio
  const { ctx } = self
  ctx.save()
  ctx.font = FONT.replace('11px', `${11 * ratio}px`)
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  labels.forEach((label, index) => {
    const spot = spots[index]
    if (spot === null || spot === undefined) return
    drawMark(ctx, look, label.stroke, left, spot)
    ctx.fillStyle = token('--muted')
    ctx.fillText(label.text, left + LABEL_INDENT * ratio, spot)
  })
  ctx.restore()
}

/** A piece of what it names: of an area with its texture, of a line with its dashes. */
function drawMark(ctx: CanvasRenderingContext2D, look: Look, stroke: Stroke, x: number, y: number): void {
  const ratio = devicePixelRatio
  if (look.stacks) {
    const size = AREA_MARK * ratio
    ctx.fillStyle = areaOf(stroke)
    ctx.fillRect(x + (LINE_MARK * ratio - size) / 2, y - size / 2, size, size)
    return
  }
  ctx.strokeStyle = token(stroke.colour)
  ctx.lineWidth = 2 * ratio
  ctx.setLineDash((stroke.dash ?? []).map((length) => length * ratio))
  ctx.beginPath()
  ctx.moveTo(x, y)
  ctx.lineTo(x + LINE_MARK * ratio, y)
  ctx.stroke()
}

function endLabels(self: uPlot, look: Look): EndLabel[] {
  const drawn = look.drawn()
  return look.strokes.flatMap((stroke, index) => {
    const line = drawn.lines[index]
    const end = line?.values.findLastIndex((value) => value !== null) ?? -1
    const place = self.data[index + 1]?.[end]
    if (line === undefined || end < 0 || typeof place !== 'number') return []
    if (look.stacks && line.values[end] === 0) return []
    const value = inWords(line.values[end], look.unit)
    const text = look.strokes.length === 1 ? value : `${stroke.label} ${value}`
    return [{ text, stroke, at: self.valToPos(place, 'y', true) }]
  })
}
