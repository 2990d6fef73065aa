import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'

import FilterBar from '@/components/FilterBar.vue'

import { flaws, show } from './page'

const keys = [
  { key: 'status', label: 'Status', values: () => [{ value: 'working', count: 4534 }, { value: 'idle', count: 12 }] },
  { key: 'host', label: 'Host', values: () => [{ value: 'build 7', count: 1 }] },
]
function bar(text = '') {
  const shown = show(FilterBar, { keys, modelValue: text, 'onUpdate:modelValue': (next: string) => shown.setProps({ modelValue: next }) })
  const input = shown.find('input')
  const type = async (words: string) => {
    await input.trigger('focus')
    await input.setValue(words)
  }
  return { shown, input, type, text: () => shown.props('modelValue') as string }
}

afterEach(() => {
  document.body.innerHTML = ''
  vi.useRealTimers()
})

describe('a filter bar', () => {
  it('shows tokens apart from free text', () => {
    const { shown, input } = bar('status:working -host:a words')
    expect(shown.findAll('.chip').map((chip) => chip.text())).toEqual(['status:working', '-host:a'])
    expect((input.element as HTMLInputElement).value).toBe('words')
  })

  it('proposes values with their counts, and takes one by keyboard', async () => {
    const { shown, input, type, text } = bar()
    await type('-status:w')
    expect(shown.findAll('[role=option]').map((option) => option.text())).toEqual(['working4,534'])
    expect(await flaws()).toEqual([])
    await input.trigger('keydown', { key: 'ArrowDown' })
    await input.trigger('keydown', { key: 'Enter' })
    expect(text()).toBe('-status:working')
  })

  it('proposes keys, and waits for the value', async () => {
    const { shown, input, type, text } = bar()
    await type('ho')
    await shown.find('[role=option]').trigger('mousedown')
    expect((input.element as HTMLInputElement).value).toBe('host:')
    expect(text()).toBe('')
    await shown.find('[role=option]').trigger('mousedown')
    expect(text()).toBe('host:"build 7"')
  })

  it('passes free text on when typing pauses', async () => {
    vi.useFakeTimers()
    const { type, text } = bar('status:idle')
    await type('deploy')
    expect(text()).toBe('status:idle')
    await vi.advanceTimersByTimeAsync(300)
    await nextTick()
    expect(text()).toBe('status:idle deploy')
  })

  it('removes the last token by Backspace, any by its cross, all by the last cross', async () => {
    const { shown, input, text } = bar('status:idle host:a')
    await input.trigger('keydown', { key: 'Backspace' })
    expect(text()).toBe('status:idle')
    await shown.find('.chip .chip-x').trigger('click')
    expect(text()).toBe('')
  })
})
