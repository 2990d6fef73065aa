/** Takes what is typed while the field that it is meant for is still on its way. */

/** Returns it when `ready` is over; raises what that raises. */
export async function typedUntil(ready: Promise<unknown>): Promise<string> {
  const letters: string[] = []
  const take = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.isComposing) return
    if (event.key === 'Backspace') letters.pop()
    else if ([...event.key].length === 1) letters.push(event.key)
    else if (event.key !== 'Enter') return
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  window.addEventListener('keydown', take, { capture: true })
  try {
    await ready
  } finally {
    window.removeEventListener('keydown', take, { capture: true })
  }
  return letters.join('')
}
