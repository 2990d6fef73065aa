/** Which rows of the list are chosen: some by their ids, or all that match. */
import { computed, ref, shallowRef, triggerRef } from 'vue'

/** More are named by a filter: the hub takes no longer lists of ids. */
export const MOST_IDS = 1_000

export function useSelection(idAt: (place: number) => string | undefined) {
  const ids = shallowRef(new Set<string>())
  /** All that match the filter are meant, also those that are not on the screen. */
  const isAll = ref(false)
  const isAny = computed(() => isAll.value || ids.value.size > 0)
  let anchor = -1

  function has(id: string): boolean {
    return isAll.value || ids.value.has(id)
  }

  /** How many rows (one or none) were left out, as no more can be chosen. */
  function toggle(place: number): number {
    const id = idAt(place)
    if (id === undefined) return 0
    isAll.value = false
    anchor = place
    const isLeftOut = !ids.value.delete(id) && !add(id)
    triggerRef(ids)
    return isLeftOut ? 1 : 0
  }

  /**
   * Everything from the last one that was chosen to this one. How many rows were left out: those
   * that were not read yet, and those beyond what can be chosen by ids.
   */
  function extend(place: number): number {
    isAll.value = false
    let leftOut = 0
    const from = anchor < 0 ? place : anchor
    for (let at = Math.min(from, place); at <= Math.max(from, place); at += 1) {
      const id = idAt(at)
      if (id === undefined || !add(id)) leftOut += 1
    }
    triggerRef(ids)
    return leftOut
  }

  function add(id: string): boolean {
    if (ids.value.size < MOST_IDS) ids.value.add(id)
    return ids.value.has(id)
  }

  function clear(): void {
    isAll.value = false
    anchor = -1
    ids.value = new Set()
  }

  return { ids, isAll, isAny, has, toggle, extend, clear, chooseAll: () => (isAll.value = true) }
}

export type Selection = ReturnType<typeof useSelection>
