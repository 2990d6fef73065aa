/** The page's colours for what is drawn on a canvas, as they are at this moment. */

/** A colour token of the page, as `--failed`; resolved for the theme that is on. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** A colour with less weight: for areas beside lines. */
export function faint(colour: string, share: number): string {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)
  if (hex === null) return colour
  const alpha = Math.round(Math.max(0, Math.min(1, share)) * 255)
  return `#${hex[1]}${alpha.toString(16).padStart(2, '0')}`
}

/** Calls back whenever the theme changes, however that happens. Returns how to stop. */
export function onTheme(changed: () => void): () => void {
  const watcher = new MutationObserver(changed)
  watcher.observe(document.documentElement, { attributeFilter: ['data-theme', 'class'] })
  const queries = ['(prefers-color-scheme: dark)', '(forced-colors: active)'].map((query) =>
    matchMedia(query),
  )
  queries.forEach((query) => query.addEventListener('change', changed))
  return () => {
    watcher.disconnect()
    queries.forEach((query) => query.removeEventListener('change', changed))
  }
}
