/** The line that brings an agent in, for somebody to paste on its machine. */

/** Agent ids hold no sign that a shell would take for its own, so nothing is quoted. */
export function joinLine(origin: string, code: string, agentId: string | null): string {
  const name = agentId === null || agentId === '' ? '' : ` --name ${agentId}`
  return `corral join ${origin} ${code}${name} --allow uname`
}

const AGENT_ID = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/

/** What is wrong with the name of an agent or of a token; null when it is fine. */
export function flawOfName(text: string): string | null {
  if (text === '' || AGENT_ID.test(text)) return null
  return 'Letters, digits and . _ : @ -, at most 128, and a letter or digit first.'
}

/** Whether another machine would find nothing at this address but itself. */
export function isLocalOnly(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}
