/** One shared tick a second, for everything that shows an age. It rests while the page is hidden. */
import { onScopeDispose, ref, type Ref } from 'vue'

const seconds = ref(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

export function useSeconds(): Readonly<Ref<number>> {
  if (users++ === 0) {
    seconds.value = Date.now()
    timer = setInterval(() => {
      if (!document.hidden) seconds.value = Date.now()
    }, 1_000)
  }
  onScopeDispose(() => {
    if (--users === 0) clearInterval(timer)
  })
  return seconds
}
