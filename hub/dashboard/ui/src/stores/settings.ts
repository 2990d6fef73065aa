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
  const settings = reactive(settingsOf(read()))
  const light = matchMedia('(prefers-color-scheme: light)')
  const systemIsLight = ref(light.matches)
  light.addEventListener('change', (event) => (systemIsLight.value = event.matches))

  /** The theme that is shown, whatever chose it. */
  const shownTheme = computed(() => {
    if (settings.theme !== 'system') return settings.theme
    return systemIsLight.value ? 'light' : 'dark'
  })
  const rowHeight = computed(() => ROW_HEIGHTS[settings.density])

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
function read(): unknown {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}')
  } catch (error) {
    console.info('settings cannot be read here', error)
    return {}
  }
}

/** Takes of what was kept only what is good: another build or a person may have written it. */
function settingsOf(kept: unknown): Settings {
  const { theme, density, utc, shortcuts, navIsNarrow, views } = isObject(kept) ? kept : {}
  return {
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    density: DENSITIES.find(({ value }) => value === density)?.value ?? 'normal',
    utc: utc === true,
    shortcuts: shortcuts !== false,
    navIsNarrow: navIsNarrow === true,
    views: isObject(views) ? Object.fromEntries(Object.entries(views).map(([screen, list]) => [screen, viewsOf(list)])) : {},
  }
}

function viewsOf(list: unknown): SavedView[] {
  return Array.isArray(list) ? list.filter((view) => isObject(view) && typeof view.name === 'string' && typeof view.query === 'string') : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function write(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings))
  } catch (error) {
    console.info('settings cannot be kept here', error)
  }
}
