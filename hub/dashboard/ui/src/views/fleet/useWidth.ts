/** How wide an element is, for what cannot be said in CSS: the height of rows hangs on it. */
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

export function useWidth(element: Readonly<Ref<HTMLElement | null>>): Readonly<Ref<number>> {
  const width = ref(0)
  let observer: ResizeObserver | undefined
  onMounted(() => {
    if (element.value === null) return
    width.value = element.value.clientWidth
    observer = new ResizeObserver(([entry]) => (width.value = entry?.contentRect.width ?? width.value))
    observer.observe(element.value)
  })
  onBeforeUnmount(() => observer?.disconnect())
  return width
}
