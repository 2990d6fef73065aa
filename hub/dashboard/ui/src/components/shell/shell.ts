/** The keys and commands that work on every screen. */
import { onBeforeUnmount, onMounted } from 'vue'
import { useRouter } from 'vue-router'

import { useCommands } from '@/stores/commands'
import { listenForKeys, useKeys, type KeyMap } from '@/stores/keys'
import { useSettings } from '@/stores/settings'

import { ROOMS } from './rooms'

interface Doors {
  palette: () => void
  help: () => void
}

export function useShell(open: Doors): void {
  const router = useRouter()
  const settings = useSettings()
  const { register } = useCommands()
  const go = (path: string) => () => void router.push(path)
  const turnTheme = () => (settings.theme = settings.shownTheme === 'dark' ? 'light' : 'dark')

  const rooms: KeyMap = Object.fromEntries(ROOMS.map((room) => [room.keys, { label: room.name, run: go(room.path) }]))
  const paused = go('/admin/agents')
  useKeys({ ...rooms, 'g n': { label: 'New task', run: go('/tasks/new') }, 'g p': { label: 'Paused agents', run: paused } }, 'Go to')
  useKeys(
    {
      '/': { label: 'Search', run: open.palette },
      '?': { label: 'This help', run: open.help },
      t: { label: 'Light or dark', run: turnTheme },
    },
    'Page',
  )

  for (const room of ROOMS) register({ id: `go${room.path}`, group: 'Go to', title: room.name, keywords: 'go to open', keys: room.keys, run: go(room.path) })
  register({ id: 'go/tasks/new', group: 'Go to', title: 'New task', keywords: 'submit create run', keys: 'g n', run: go('/tasks/new') })
  register({ id: 'go/admin/agents', group: 'Go to', title: 'Paused agents', keywords: 'admin pause drain resume', keys: 'g p', run: paused })
  register({ id: 'theme', group: 'Page', title: 'Turn light or dark', keywords: 'theme colours mode', keys: 't', run: turnTheme })
  register({ id: 'theme-system', group: 'Page', title: 'Use the theme of the system', keywords: 'light dark', run: () => (settings.theme = 'system') })
  register({ id: 'utc', group: 'Page', title: 'Switch between UTC and local times', keywords: 'clock zone', run: () => (settings.utc = !settings.utc) })
  register({ id: 'help', group: 'Page', title: 'Keyboard help', keywords: 'shortcuts keys', keys: '?', run: open.help })

  let stopKeys: (() => void) | undefined
  const paletteKey = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== 'k') return
    event.preventDefault()
    open.palette()
  }
  onMounted(() => {
    stopKeys = listenForKeys()
    window.addEventListener('keydown', paletteKey)
  })
  onBeforeUnmount(() => {
    stopKeys?.()
    window.removeEventListener('keydown', paletteKey)
  })
}
