/** Which agents get no new work now, of those that a filter lets through; the list stands still while somebody is at it. */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import type { FleetAgent } from '@/components/agents'
import type { Token } from '@/components/filters'
import { ACTIONS } from '@/components/fleet/actions'
import { compile } from '@/components/fleet/filters'
import { useLive } from '@/live/live'

/** To look through 10,000 agents in every frame would cost more than all else together. */
const EVERY_MS = 500

export interface HeldAgents {
  /** The ids that are listed. */
  readonly shown: Readonly<Ref<readonly string[]>>
  /** The list would be another one now. */
  readonly isOld: Readonly<Ref<boolean>>
  /** How many agents the filter lets through, and how many of them get no new work. */
  readonly matching: Readonly<Ref<number>>
  readonly held: Readonly<Ref<number>>
  /** Lists those of now, although somebody is at the list. */
  readonly catchUp: () => void
}

export function useHeldAgents(tokens: Readonly<Ref<readonly Token[]>>, isHeld: Readonly<Ref<boolean>>): HeldAgents {
  const live = useLive()
  const shown = shallowRef<readonly string[]>([])
  const [isOld, matching, held] = [ref(false), ref(0), ref(0)]
  let timer: ReturnType<typeof setTimeout> | null = null

  function count(): string[] {
    const passing: FleetAgent[] = [...live.agents.values()].filter(compile(tokens.value, live.offers))
    const ids = passing.filter(ACTIONS.resume.concerns).map(({ id }) => id)
    matching.value = passing.length
    held.value = ids.length
    return ids.sort()
  }

  function catchUp(): void {
    shown.value = count()
    isOld.value = false
  }

  function look(): void {
    timer = null
    if (!isHeld.value || shown.value.length === 0) catchUp()
    else isOld.value = count().join() !== shown.value.join()
  }

  function lookSoon(): void {
    timer ??= setTimeout(look, EVERY_MS)
  }

  watch(tokens, catchUp, { immediate: true })
  watch(live.tick, () => (matching.value === 0 ? catchUp() : lookSoon()))
  watch(isHeld, (now) => now || lookSoon())
  onScopeDispose(() => timer !== null && clearTimeout(timer))
  return { shown, isOld, matching, held, catchUp }
}
