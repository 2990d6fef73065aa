/**
 * Tells what a person did from what the page does by itself.
 *
 * Only an act of the person uses the session. So the first request after one counts, whatever it
 * asks for, and all others say that the page asks by itself.
 */
const KINDS = ['pointerdown', 'keydown', 'wheel'] as const

/** To open the page is an act. */
let acts = 1
let told = 0

/** Takes notice of the person from now on. */
export function heedActs(): void {
  for (const kind of KINDS) addEventListener(kind, noteAct, { capture: true, passive: true })
  document.addEventListener('visibilitychange', () => document.hidden || noteAct())
}

export function noteAct(): void {
  acts++
}

/** How many acts there were; as long as the hub does not know of all, the next request counts. */
export function actsSoFar(): number {
  return acts
}

export function isTold(): boolean {
  return told === acts
}

/** The hub knows of so many acts. */
export function tellActs(count: number): void {
  told = Math.max(told, count)
}
