/** Why somebody may not do something, in a sentence for a disabled button. */
import { useSession, type Ability } from '@/stores/session'

const ROLES: Record<Ability, string> = { operate: 'operator', administer: 'admin' }

/** Null when the person may. The hub decides in any case; this only says it beforehand. */
export function whyNot(ability: Ability): string | null {
  const session = useSession()
  if (session.can(ability)) return null
  return `This needs the role ${ROLES[ability]}; you are logged in as ${session.role ?? 'nobody'}.`
}
