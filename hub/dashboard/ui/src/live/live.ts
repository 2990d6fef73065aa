/**
 * The live picture for the screens: one socket, one map of agents, one redraw a frame.
 *
 * The map is a plain one on purpose: deep reactivity over 10,000 records costs more than all
 * else. Whoever shows agents reads `tick`, which rises once per frame when some have changed.
 */
import { computed, ref, shallowRef } from 'vue'

import { get } from '@/api/client'
import type { Agent, Counters, HubEvent, LiveTask, Snapshot, Step } from '@/api/types'
import { useSession } from '@/stores/session'

import { HubClock } from './clock'
import { Feed, type FromHub } from './feed'
import { Frames } from './frames'
import { apply, emptyPicture, noChanges, replace, type Changes } from './picture'
import { Resync, reportUnlessAway } from './resync'
import { BEHIND_MS, statusOf } from './status'

type DeltaText = Extract<FromHub, { type: 'delta' }>

/** More waiting deltas than the hub keeps are of no use. */
const MOST_WAITING = 600
/** The number of what a hidden page hears: it is no part of the row of batches. */
const NUMBERS_ONLY = 0
/** A snapshot that takes longer hangs. */
const SNAPSHOT_MS = 30_000
/** The numbers are asked for at most this often, to tell a lag from clocks that differ. */
const NUMBERS_EVERY_MS = 30_000

const picture = emptyPicture()
const clock = new HubClock()
const frames = new Frames(drawFrame)
const feed = new Feed({ place, heard, lost })
const resync = new Resync(askPicture, takePicture)
const listeners = {
  agents: new Set<(ids: ReadonlySet<string>) => void>(),
  tasks: new Set<(tasks: LiveTask[], more: boolean) => void>(),
  events: new Set<(events: HubEvent[], more: boolean) => void>(),
  steps: new Set<(step: Step | null) => void>(),
}

const tick = ref(0)
const counters = shallowRef<Counters | null>(null)
const messageLagMs = ref(0)
/** When the hub was last heard, by this machine's clock. */
const lastAt = ref(0)
/** The build of the page that the hub serves now. */
const servedBuild = ref<string | null>(null)
/** Null as long as the hub has not said whether it has full-text search. */
const hasSearch = ref<boolean | null>(null)
const isOpen = ref(false)
const hasPicture = ref(false)
const isOnline = ref(navigator.onLine)
const failures = ref(0)
/** Why the hub does not let this page follow, in its words. */
const refusal = ref<string | null>(null)
const beatMs = ref(10_000)
const second = ref(Date.now())

/** How long the picture has stood still for want of a snapshot. */
const stillMs = computed(() => (resync.since.value === null ? 0 : Math.max(0, second.value - resync.since.value)))
const lagMs = computed(() => Math.max(messageLagMs.value, stillMs.value))

const status = computed(() =>
  statusOf({
    isOpen: isOpen.value,
    hasPicture: hasPicture.value,
    isWhole: !resync.isNeeded,
    isOnline: isOnline.value,
    isRefused: refusal.value !== null,
    failures: failures.value,
    lagMs: lagMs.value,
    silentMs: Math.max(0, second.value - lastAt.value),
    beatMs: beatMs.value,
  }),
)

let waiting: DeltaText[] = []
let numbersAt = -Infinity
let clockwork: ReturnType<typeof setInterval> | undefined

export function useLive() {
  return {
    status,
    refusal,
    hasPicture,
    lagMs,
    lastAt,
    counters,
    tick,
    servedBuild,
    hasSearch,
    /** Every agent, by id. Read `tick` to be called again when some change. */
    agents: picture.agents as ReadonlyMap<string, Agent>,
    /** The distinct lists of capabilities, as of now. */
    get offers(): readonly (readonly string[])[] {
      return picture.offers
    },
    capabilities: (agent: Agent): readonly string[] => picture.offers[agent.offer] ?? [],
    onAgents: (call: (ids: ReadonlySet<string>) => void) => listen(listeners.agents, call),
    onTasks: (call: (tasks: LiveTask[], more: boolean) => void) => listen(listeners.tasks, call),
    onEvents: (call: (events: HubEvent[], more: boolean) => void) => listen(listeners.events, call),
    /** Each step of the series, once it is over; null when some may have been missed. */
    onSteps: (call: (step: Step | null) => void) => listen(listeners.steps, call),
    /** The time at the hub, in milliseconds: now, or at a time of this machine. */
    now: (local = Date.now()) => clock.now(local),
    start,
    stop,
    retry,
  }
}

function start(): void {
  clockwork ??= setInterval(() => (second.value = Date.now()), 1_000)
  window.addEventListener('online', networkChanged)
  window.addEventListener('offline', networkChanged)
  document.addEventListener('visibilitychange', visibilityChanged)
  if (!hasPicture.value) void askNumbers()
  feed.start()
}

function stop(): void {
  clearInterval(clockwork)
  clockwork = undefined
  window.removeEventListener('online', networkChanged)
  window.removeEventListener('offline', networkChanged)
  document.removeEventListener('visibilitychange', visibilityChanged)
  feed.stop()
  resync.interrupt()
  isOpen.value = false
}

/** A person wants it now. */
function retry(): void {
  resync.hurry()
  feed.again()
}

function listen<T>(all: Set<T>, call: T): () => void {
  all.add(call)
  return () => all.delete(call)
}

function place(): { epoch: string; seq: number } | null {
  return picture.seq < 0 ? null : { epoch: picture.epoch, seq: picture.seq }
}

function heard(message: FromHub): void {
  lastAt.value = Date.now()
  if (message.type === 'hello') greeted(message)
  else if (message.type === 'delta') received(message)
  else if (message.type === 'reset') resync.need()
  else if (message.type === 'ended') ended()
  else if (message.type === 'step') tellStep(message)
  else timed(message.at)
}

/** Takes the lag of a message, and looks for its cause when there is much of it. */
function timed(at: number): void {
  messageLagMs.value = Math.round(clock.hear(at, Date.now()))
  const isDue = performance.now() - numbersAt > NUMBERS_EVERY_MS
  if (isDue && (clock.isDoubtful || messageLagMs.value > BEHIND_MS)) void askNumbers()
}

function greeted(hello: Extract<FromHub, { type: 'hello' }>): void {
  isOpen.value = true
  failures.value = 0
  refusal.value = null
  beatMs.value = hello.beat_ms
  timed(hello.at)
  if (document.hidden) feed.say({ type: 'pace', hidden: true })
  // What has not been drawn comes again, or is in the snapshot.
  waiting = []
  if (hello.resumed) resync.done()
  else resync.need()
  // Steps are not told again.
  if (place() !== null) tellStep(null)
}

function tellStep(step: Step | null): void {
  for (const call of listeners.steps) call(step)
}

function received(delta: DeltaText): void {
  timed(delta.at)
  if (delta.seq === NUMBERS_ONLY) {
    counters.value = delta.counters ?? counters.value
    return
  }
  waiting.push(delta)
  if (waiting.length > MOST_WAITING) waiting.shift()
  frames.ask()
}

function ended(): void {
  stop()
  useSession().end()
}

/** Called when the socket is gone: the session may be over, which the socket cannot say. */
function lost(count: number, refused?: string | null): void {
  isOpen.value = false
  if (refused !== undefined) refusal.value = refused
  failures.value = count
  resync.interrupt()
  if (count === 1) void useSession().refresh().catch(reportUnlessAway)
}

/** Paints the numbers before the long list of agents is there, and compares the clocks. */
async function askNumbers(): Promise<void> {
  numbersAt = performance.now()
  const sent = Date.now()
  try {
    const snapshot = noted(await get<Snapshot>('/api/v1/dashboard/snapshot', { scope: 'summary' }, undefined, SNAPSHOT_MS))
    clock.hearAnswer(snapshot.at, sent, Date.now())
    if (!hasPicture.value) counters.value = snapshot.counters
  } catch (error) {
    reportUnlessAway(error)
  }
}

function askPicture(signal: AbortSignal): Promise<Snapshot> {
  return get<Snapshot>('/api/v1/dashboard/snapshot', { scope: 'agents' }, signal, SNAPSHOT_MS)
}

function takePicture(snapshot: Snapshot): void {
  draw(replace(picture, noted(snapshot)))
  hasPicture.value = true
  frames.ask()
}

function noted(snapshot: Snapshot): Snapshot {
  servedBuild.value = snapshot.build
  hasSearch.value = snapshot.search
  return snapshot
}

/** Applies all that came since the last frame, and tells the screens once. */
function drawFrame(): void {
  if (resync.isNeeded || !hasPicture.value) return
  const changes = noChanges()
  const deltas = waiting
  waiting = []
  let hasGap = false
  for (const delta of deltas) hasGap = apply(picture, delta, changes) === 'gap' || hasGap
  // Something is missing: the hub goes on from what the page has, or sends it for a snapshot.
  if (hasGap) feed.again()
  draw(changes)
}

function draw(changes: Changes): void {
  counters.value = picture.counters
  if (changes.agents.size > 0) {
    tick.value++
    for (const call of listeners.agents) call(changes.agents)
  }
  if (changes.tasks.length > 0 || changes.more) for (const call of listeners.tasks) call(changes.tasks, changes.more)
  if (changes.events.length > 0 || changes.more) for (const call of listeners.events) call(changes.events, changes.more)
}

function networkChanged(): void {
  isOnline.value = navigator.onLine
  if (isOnline.value && !isOpen.value) feed.again()
}

function visibilityChanged(): void {
  feed.say({ type: 'pace', hidden: document.hidden })
  frames.ask()
}
