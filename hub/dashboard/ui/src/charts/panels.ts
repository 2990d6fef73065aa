/** Every chart there is: what it draws, in which colours, and what it is called. */

import type { Stroke } from './plot'

/** One chart. */
export interface Panel {
  readonly id: string
  readonly title: string
  /** What the number means, for who sees it for the first time. */
  readonly hint: string
  readonly unit: string
  readonly strokes: readonly Stroke[]
  readonly stacks?: boolean
}

const RUNNING = '--st-running'
const WARN = '--st-warn'
const FAILED = '--st-failed'

/** Three lines that stay apart without colour: each has a dash of its own. */
function percentiles(of: string): Stroke[] {
  return [
    { name: `${of}_p50`, label: 'p50', colour: RUNNING },
    { name: `${of}_p95`, label: 'p95', colour: WARN, dash: [6, 3] },
    { name: `${of}_p99`, label: 'p99', colour: FAILED, dash: [2, 2] },
  ]
}

const FINISHED: Panel = {
  id: 'finished',
  title: 'Finished',
  hint: 'Tasks completed per second',
  unit: 'per_s',
  strokes: [{ name: 'finished_per_s', label: 'finished', colour: '--st-done' }],
}

const WAIT: Panel = {
  id: 'wait',
  title: 'Wait',
  hint: 'From being ready to being given to an agent',
  unit: 'ms',
  strokes: percentiles('wait'),
}

const QUEUE: Panel = {
  id: 'queue',
  title: 'Queue',
  hint: 'Tasks that wait, by priority',
  unit: 'count',
  stacks: true,
  strokes: [
    { name: 'queued_low', label: 'low', colour: '--st-off', fill: 0.3 },
    { name: 'queued_normal', label: 'normal', colour: '--st-queued', fill: 0.2, texture: 'dots' },
    { name: 'queued_high', label: 'high', colour: '--st-assigned', fill: 0.25, texture: 'hatch' },
    { name: 'queued_urgent', label: 'urgent', colour: '--st-warn', fill: 0.9 },
  ],
}

/** What the overview shows. */
export const OVERVIEW: readonly Panel[] = [FINISHED, WAIT, QUEUE]

/** What the metrics page shows. */
export const ALL: readonly Panel[] = [
  {
    id: 'throughput',
    title: 'Throughput',
    hint: 'Tasks per second',
    unit: 'per_s',
    strokes: [
      { name: 'submitted_per_s', label: 'submitted', colour: '--st-queued', dash: [2, 2] },
      { name: 'finished_per_s', label: 'finished', colour: '--st-done' },
      { name: 'cancelled_per_s', label: 'cancelled', colour: '--st-off', dash: [6, 3] },
      { name: 'failed_per_s', label: 'failed', colour: FAILED, dash: [4, 2] },
    ],
  },
  QUEUE,
  WAIT,
  {
    id: 'run',
    title: 'Run time',
    hint: 'How long the last attempt ran',
    unit: 'ms',
    strokes: percentiles('run'),
  },
  {
    id: 'total',
    title: 'Total time',
    hint: 'From being submitted to the end',
    unit: 'ms',
    strokes: percentiles('total'),
  },
  {
    id: 'utilisation',
    title: 'Utilisation',
    hint: 'Slots of connected agents that have work',
    unit: 'ratio',
    strokes: [{ name: 'utilisation', label: 'busy', colour: RUNNING }],
  },
  {
    id: 'fleet',
    title: 'Agents and running tasks',
    hint: 'Connected agents, and tasks that run',
    unit: 'count',
    strokes: [
      { name: 'agents_connected', label: 'agents', colour: '--st-queued', dash: [6, 3] },
      { name: 'running', label: 'running', colour: RUNNING },
    ],
  },
  {
    id: 'loop',
    title: 'Loop lag',
    hint: 'The longest the hub kept others waiting',
    unit: 'ms',
    strokes: [{ name: 'loop_lag_ms', label: 'lag', colour: WARN }],
  },
  {
    id: 'commit',
    title: 'Commit time',
    hint: 'The slowest write to disk',
    unit: 'ms',
    strokes: [{ name: 'commit_ms', label: 'commit', colour: WARN }],
  },
]

/** The names of the series that panels draw, each once. */
export function seriesOf(panels: readonly Panel[]): string[] {
  return [...new Set(panels.flatMap((panel) => panel.strokes.map((stroke) => stroke.name)))]
}
