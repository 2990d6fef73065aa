/** Whether the page is as narrow as a phone, and how high rows are then. */
import { computed, onScopeDispose, ref, type ComputedRef, type Ref } from 'vue'

import { useSettings } from '@/stores/settings'

/** A row that says in two lines what else stands in one. */
const TWO_LINES_PX = 52

export function useNarrow(): Readonly<Ref<boolean>> {
  const query = matchMedia('(width < 640px)')
  const isNarrow = ref(query.matches)
  const hear = () => (isNarrow.value = query.matches)
  query.addEventListener('change', hear)
  onScopeDispose(() => query.removeEventListener('change', hear))
  return isNarrow
}

/** The height of rows: as the person likes it, or two lines where there is no width. */
export function useRowHeight(isNarrow: () => boolean): ComputedRef<number> {
  const settings = useSettings()
  return computed(() => (isNarrow() ? TWO_LINES_PX : settings.rowHeight))
}
