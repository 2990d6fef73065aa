/** Keeps the map's canvas true to the fleet: places anew when agents come or go, paints changes. */

import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue'

import type { Agent } from '@/api/types'
import { onTheme } from '@/components/theme'
import { useLive } from '@/live/live'
import { useSettings } from '@/stores/settings'

import { faceOf, statusOf, tally } from './faces'
import { groupsOf, ordered, type Grouping } from './groups'
import { pack, type Packing } from './packing'
import { Painter } from './painter'
import { readPalette } from './palette'

/** What the map is asked to show. */
export interface Wish {
  readonly canvas: Ref<HTMLCanvasElement | null>
  readonly width: Ref<number>
  readonly height: Ref<number>
  readonly grouping: (agents: readonly Agent[]) => Grouping
  /** Only these statuses stand out; an empty set means all of them. */
  readonly only: Ref<ReadonlySet<string>>
  readonly match: () => ((agent: Agent) => boolean) | undefined
  /** Somebody looks at a cell: nothing may move now. */
  readonly still: () => boolean
}

const LEAST_MS_BETWEEN_MOVES = 1_000
const NOTHING: Packing = {
  grain: 'dot',
  cell: { width: 1, height: 1, gap: 0 },
  height: 0,
  spots: [],
  blocks: [],
}

/** The map as the component needs it. */
export function useFleetMap(wish: Wish) {
  const live = useLive()
  const settings = useSettings()
  const packing = shallowRef<Packing>(NOTHING)
  const rows = shallowRef<Agent[]>([])
  const order = shallowRef<number[]>([])
  const counts = ref<{ status: string; count: number }[]>([])
  const places = new Map<string, number>()
  let faces = new Uint16Array(0)
  let painter: Painter | undefined
  let grouping: Grouping = 'none'
  let placedAt = -Infinity
  let waiting: ReturnType<typeof setTimeout> | undefined

  /** Places every cell anew, and paints all of them. */
  function place(): void {
    clearTimeout(waiting)
    waiting = undefined
    placedAt = performance.now()
    const agents = ordered(live.agents.values())
    rows.value = agents
    places.clear()
    agents.forEach((agent, index) => places.set(agent.id, index))
    faces = Uint16Array.from(agents, faceOf)
    grouping = wish.grouping(agents)
    const groups = groupsOf(agents, grouping, live.capabilities)
    packing.value = pack(groups, wish.width.value, wish.height.value)
    order.value = groups.flatMap((group) => group.members)
    paint()
  }

  function count(): void {
    const found = tally(faces)
    const isSame = found.every(({ count: many }, index) => many === counts.value[index]?.count)
    if (!isSame) counts.value = found
  }

  function paint(): void {
    count()
    const canvas = wish.canvas.value
    if (canvas === null || wish.width.value === 0) return
    const palette = readPalette(settings.shownTheme)
    painter = new Painter(canvas, packing.value, palette, wish.width.value, devicePixelRatio)
    painter.heads()
    rows.value.forEach((_, index) => paintCell(index))
  }

  function paintCell(index: number): void {
    const agent = rows.value[index]
    const face = faces[index]
    if (agent === undefined || face === undefined) return
    painter?.cell(index, { agent, face, dim: isDim(agent, face) })
  }

  function isDim(agent: Agent, face: number): boolean {
    const { value: only } = wish.only
    return (only.size > 0 && !only.has(statusOf(face))) || wish.match()?.(agent) === false
  }

  /** Paints those that changed; when one came, went or moved, places all of them soon. */
  function changed(ids: ReadonlySet<string>): void {
    let areSame = live.agents.size === rows.value.length
    const hasWords = packing.value.grain === 'tile' || packing.value.grain === 'label'
    for (const id of ids) {
      const index = places.get(id)
      const agent = live.agents.get(id)
      if (index === undefined || agent === undefined) {
        areSame = false
        continue
      }
      areSame &&= staysPut(rows.value[index], agent)
      rows.value[index] = agent
      const face = faceOf(agent)
      if (face === faces[index] && !hasWords) continue
      faces[index] = face
      paintCell(index)
    }
    count()
    if (!areSame) placeSoon()
  }

  function staysPut(before: Agent | undefined, after: Agent): boolean {
    if (before === undefined || before.name !== after.name) return false
    if (grouping === 'host') return before.host === after.host
    if (grouping === 'capability') return before.offer === after.offer
    if (grouping === 'status') return statusOf(faceOf(before)) === statusOf(faceOf(after))
    return true
  }

  function placeSoon(): void {
    if (waiting !== undefined) return
    const rest = placedAt + LEAST_MS_BETWEEN_MOVES - performance.now()
    waiting = setTimeout(placeWhenQuiet, Math.max(0, rest))
  }

  function placeWhenQuiet(): void {
    waiting = undefined
    if (wish.still()) waiting = setTimeout(placeWhenQuiet, LEAST_MS_BETWEEN_MOVES)
    else place()
  }

  const stops: (() => void)[] = []
  onMounted(() => {
    stops.push(live.onAgents(changed), onTheme(paint))
    place()
  })
  onBeforeUnmount(() => {
    clearTimeout(waiting)
    stops.forEach((stop) => stop())
  })
  watch([wish.width, wish.height], place)
  watch([wish.only, wish.match], paint)

  return { packing, order, rows, counts, place, total: computed(() => order.value.length) }
}
