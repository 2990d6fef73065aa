import { describe, expect, it } from 'vitest'

import { actsSoFar, heedActs, isTold, tellActs } from '@/api/acts'

describe('acts of a person', () => {
  it('are keys, clicks and turns of the wheel, also where a control keeps them to itself', () => {
    heedActs()
    const button = document.body.appendChild(document.createElement('button'))
    for (const kind of ['pointerdown', 'keydown', 'wheel']) {
      tellActs(actsSoFar())
      button.addEventListener(kind, (event) => event.stopPropagation())
      button.dispatchEvent(new Event(kind, { bubbles: true }))
      expect(isTold(), kind).toBe(false)
    }
  })

  it('are also that somebody comes back to the page', () => {
    tellActs(actsSoFar())
    document.dispatchEvent(new Event('visibilitychange'))
    expect(isTold()).toBe(false)
  })

  it('are not what scripts and pictures do', () => {
    tellActs(actsSoFar())
    for (const kind of ['scroll', 'load', 'focus', 'pointermove']) document.body.dispatchEvent(new Event(kind, { bubbles: true }))
    expect(isTold()).toBe(true)
  })
})
