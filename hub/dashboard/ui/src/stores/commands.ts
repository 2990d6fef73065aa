/** What the command palette can do. Screens register theirs; they leave with the screen. */
import { onScopeDispose, getCurrentScope, shallowReactive } from 'vue'

export interface Command {
  id: string
  title: string
  /** Other words somebody may type for it. */
  keywords?: string
  /** The heading it stands under. */
  group?: string
  /** The keys that do the same, as `g t`. */
  keys?: string
  run: () => void
  /** Whether it can be done now. */
  when?: () => boolean
}

const commands = shallowReactive(new Map<string, Command>())

export function useCommands() {
  function register(command: Command): () => void {
    commands.set(command.id, command)
    const stop = () => {
      if (commands.get(command.id) === command) commands.delete(command.id)
    }
    if (getCurrentScope()) onScopeDispose(stop)
    return stop
  }

  return { register, possible: () => [...commands.values()].filter((command) => command.when?.() ?? true) }
}
