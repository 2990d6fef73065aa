/** How each status looks: a shape, a colour and a word, so that no one of them is needed alone. */

/** The colours of `styles.css`; each is `--st-<tone>`. */
export type Tone = 'queued' | 'assigned' | 'running' | 'paused' | 'done' | 'failed' | 'warn' | 'off'
export type Shape = 'ring' | 'clock' | 'arrow' | 'triangle' | 'bars' | 'check' | 'cross' | 'down' | 'floor' | 'dash' | 'slash' | 'half'

export interface Look {
  word: string
  shape: Shape
  tone: Tone
}

/** Paths in a box of 12 by 12, drawn with a stroke of 1.5; also good for `Path2D`. */
export const SHAPES: Record<Shape, string> = {
  ring: 'M6 2.25a3.75 3.75 0 1 1 0 7.5a3.75 3.75 0 1 1 0-7.5',
  clock: 'M6 1.75a4.25 4.25 0 1 1 0 8.5a4.25 4.25 0 1 1 0-8.5M6 3.75V6l1.5 1.25',
  arrow: 'M1.75 6h8M6.75 3l3 3l-3 3',
  triangle: 'M3.25 2.25L9.75 6L3.25 9.75Z',
  bars: 'M4 2.5v7M8 2.5v7',
  check: 'M2 6.5l2.75 2.75L10 3.25',
  cross: 'M2.75 2.75l6.5 6.5M9.25 2.75l-6.5 6.5',
  down: 'M6 1.75v8M3 6.75l3 3l3-3',
  floor: 'M6 1.75v5.5M3.5 5l2.5 2.5L8.5 5M2.5 10.25h7',
  dash: 'M2.25 6h7.5',
  slash: 'M3 9.75L9 2.25',
  half: 'M6 2.25a3.75 3.75 0 1 1 0 7.5a3.75 3.75 0 1 1 0-7.5M6 2.25v7.5',
}

const LOOKS: Record<string, Look> = {
  scheduled: { word: 'scheduled', shape: 'clock', tone: 'off' },
  queued: { word: 'queued', shape: 'ring', tone: 'queued' },
  assigned: { word: 'assigned', shape: 'arrow', tone: 'assigned' },
  running: { word: 'running', shape: 'triangle', tone: 'running' },
  completed: { word: 'done', shape: 'check', tone: 'done' },
  dead_letter: { word: 'failed', shape: 'cross', tone: 'failed' },
  failed: { word: 'failed', shape: 'cross', tone: 'failed' },
  cancelled: { word: 'cancelled', shape: 'dash', tone: 'off' },
  idle: { word: 'idle', shape: 'ring', tone: 'queued' },
  working: { word: 'working', shape: 'triangle', tone: 'running' },
  paused: { word: 'paused', shape: 'bars', tone: 'paused' },
  draining: { word: 'draining', shape: 'down', tone: 'warn' },
  drained: { word: 'drained', shape: 'floor', tone: 'warn' },
  stale: { word: 'stale', shape: 'half', tone: 'failed' },
  offline: { word: 'offline', shape: 'slash', tone: 'off' },
}

/** The look of a task's state, an agent's status or a job's; an unknown one keeps its own word. */
export function lookOf(status: string): Look {
  return LOOKS[status] ?? { word: status.replaceAll('_', ' '), shape: 'ring', tone: 'off' }
}
