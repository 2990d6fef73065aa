/** Whether the page is as narrow as a phone. */
import { onScopeDispose, ref, type Ref } from 'vue'

export function useNarrow(): Readonly<Ref<boolean>> {
  const query = matchMedia('(width < 640px)')
  const isNarrow = ref(query.matches)
  const hear = () => (isNarrow.value = query.matches)
  query.addEventListener('change', hear)
  onScopeDispose(() => query.removeEventListener('change', hear))
  return isNarrow
}
