/** Calls back once per frame of the screen, however often it is asked. */

/** Hidden pages have no frames; this often is enough for them. */
const HIDDEN_MS = 500

export class Frames {
  private isAsked = false

  constructor(private readonly draw: () => void) {}

  ask(): void {
    if (this.isAsked) return
    this.isAsked = true
    const frame = () => {
      this.isAsked = false
      this.draw()
    }
    if (document.hidden) setTimeout(frame, HIDDEN_MS)
    else requestAnimationFrame(frame)
  }
}
