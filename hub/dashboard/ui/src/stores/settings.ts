/** What a person likes; kept in this browser only. `public/theme.js` reads the theme before the first paint. */
import { defineStore } from 'pinia'
import { computed, reactive, ref, toRefs, watch, watchEffect } from 'vue'

export type Theme = 'system' | 'light' | 'dark'
export type Density = 'compact' | 'normal' | 'comfortable'

export interface SavedView {
  name: string
  /** The query of the address, without its question mark. */
  query: string
}

interface Settings {
  theme: Theme
  density: Density
  utc: boolean
  shortcuts: boolean
  navIsNarrow: boolean
  /** Saved views by the name of the screen. */
  views: Record<string, SavedView[]>
}

/** The densities of lists, for a choice among them. */
export const DENSITIES: readonly { value: Density; label: string }[] = [
  { value: 'compact', label: 'Compact' },
  { value: 'normal', label: 'Normal' },
  { value: 'comfortable', label: 'Roomy' },
]

const KEY = 'corral.settings'
const ROW_HEIGHTS: Record<Density, number> = { compact: 26, normal: 32, comfortable: 40 }

export const useSettings = defineStore('settings', () => {
  const settings = reactive<Settings>({
    theme: 'system',
    density: 'normal',
    utc: false,
    shortcuts: true,
    navIsNarrow: false,
    views: {},
    ...read(),
  })
  const light = matchMedia('(prefers-color-scheme: light)')
  const systemIsLight = ref(light.matches)
  light.addEventListener('change', (event) => (systemIsLight.value = event.matches))

  /** The theme that is shown, whatever chose it. */
  const shownTheme = computed(() => {
    if (settings.theme !== 'system') return settings.theme
    return systemIsLight.value ? 'light' : 'dark'
  })
  const rowHeight = computed(() => ROW_HEIGHTS[settings.density] ?? ROW_HEIGHTS.normal)

  watchEffect(() => (document.documentElement.dataset.theme = shownTheme.value))
  watch(settings, () => write(settings), { deep: true })

  function saveView(screen: string, view: SavedView): void {
    const others = (settings.views[screen] ?? []).filter((other) => other.name !== view.name)
    settings.views[screen] = [...others, view]
  }

  function removeView(screen: string, name: string): void {
    settings.views[screen] = (settings.views[screen] ?? []).filter((view) => view.name !== name)
  }

  return { ...toRefs(settings), shownTheme, rowHeight, saveView, removeView }
})

/** What was kept; nothing when it cannot be read, as in a private window. */
function read(): Partial<Settings> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return kept !== null && typeof kept === 'object' ? (kept as Partial<Settings>) : {}
  } catch (error) {
    console.info('settings cannot be read here', error)
    return {}
  }
}

function write(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings))
  } catch (error) {
    console.info('settings cannot be kept here', error)
  }
}
