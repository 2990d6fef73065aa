/** Takes what is typed while the field that it is meant for is still on its way. */

/** After so long the keys are the page's again. */
const PATIENCE_MS = 10_000

/**
 * What was typed until `ready` was over; raises what that raises. Null as soon as somebody turns
 * to something else, presses Escape, or has waited too long: then nothing more is taken.
 */
export async function typedUntil(ready: Promise<unknown>): Promise<string | null> {
  const letters: string[] = []
  const over = new AbortController()
  const leave = () => over.abort()
  const how = { capture: true, signal: over.signal }
  const left = new Promise<null>((resolve) => over.signal.addEventListener('abort', () => resolve(null)))
  const timer = setTimeout(leave, PATIENCE_MS)
  for (const turn of ['focusin', 'pointerdown']) window.addEventListener(turn, leave, how)
  window.addEventListener('keydown', (event) => take(event, letters, leave), how)
  try {
    return await Promise.race([ready.then(() => letters.join('')), left])
  } finally {
    clearTimeout(timer)
    leave()
  }
}

function take(event: KeyboardEvent, letters: string[], leave: () => void): void {
  const { key } = event
  // Such keys belong to the browser, but for signs that need two of them.
  const isOther = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState('AltGraph')
  if (isOther || event.isComposing) return
  if (key === 'Escape') leave()
  else if (key === 'Backspace') letters.pop()
  else if ([...key].length === 1) letters.push(key)
  else if (key !== 'Enter') return
  event.preventDefault()
  event.stopImmediatePropagation()
}
