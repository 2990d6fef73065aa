import { afterEach, describe, expect, it, vi } from 'vitest'
import { h, nextTick } from 'vue'

import AppButton from '@/components/AppButton.vue'
import AppTabs from '@/components/AppTabs.vue'
import ConfirmDialog from '@/components/ConfirmDialog.vue'
import EmptyState from '@/components/EmptyState.vue'
import ErrorNote from '@/components/ErrorNote.vue'
import IdLink from '@/components/IdLink.vue'
import JsonView from '@/components/JsonView.vue'
import PriorityMark from '@/components/PriorityMark.vue'
import ProgressBar from '@/components/ProgressBar.vue'
import SegmentedControl from '@/components/SegmentedControl.vue'
import StatusMark from '@/components/StatusMark.vue'
import { ApiError } from '@/api/client'

import { flaws, show } from './page'

const HOSTILE = '<img src=x onerror=alert(1)>\u202e'

afterEach(() => (document.body.innerHTML = ''))

describe('parts', () => {
  it('show a status by word and shape', async () => {
    const mark = show(StatusMark, { status: 'dead_letter' })
    expect(mark.text()).toBe('failed')
    expect(mark.find('svg').classes()).toContain('tone-failed')
    expect(show(StatusMark, { status: 'idle', markOnly: true }).find('svg').attributes('aria-label')).toBe('idle')
  })

  it('a button says why it cannot be used, and does nothing', async () => {
    const button = show(AppButton, { reason: 'Your role is viewer' }, { default: 'Pause' })
    await button.trigger('click')
    expect(button.emitted('click')).toBeUndefined()
    expect(button.attributes()).toMatchObject({ title: 'Your role is viewer', 'aria-disabled': 'true' })
  })

  it('a busy button is pressed once', async () => {
    const button = show(AppButton, {}, { default: 'Pause' })
    await button.trigger('click')
    await button.setProps({ busy: true })
    await button.trigger('click')
    expect(button.emitted('click')).toHaveLength(1)
  })

  it.each([
    [JsonView, { value: { key: HOSTILE } }],
    [IdLink, { id: HOSTILE, whole: true }],
    [EmptyState, { title: HOSTILE, text: HOSTILE, command: HOSTILE }],
    [ErrorNote, { error: new ApiError(422, 'x', HOSTILE, [{ path: HOSTILE, message: HOSTILE }]) }],
    [StatusMark, { status: HOSTILE }],
    [PriorityMark, { priority: HOSTILE }],
  ])('take hostile text for text: %#', (component, props) => {
    const shown = show(component, props)
    expect(shown.find('img').exists()).toBe(false)
    expect(shown.text()).toContain('<img src=x')
  })

  it('an error names where the hub found it wrong', () => {
    const note = show(ErrorNote, { error: new ApiError(422, 'validation_failed', 'no', [{ path: '$.needs', message: 'too many' }], 'req-7') })
    expect(note.text()).toContain('$.needs')
    expect(note.text()).toContain('req-7')
    expect(note.find('button').exists()).toBe(false)
  })

  it('tabs go by arrows and show one panel', async () => {
    const tabs = [{ value: 'a', label: 'A' }, { value: 'b', label: 'B' }]
    const shown = show(AppTabs, { tabs, label: 'Parts', modelValue: 'a', 'onUpdate:modelValue': (next: string) => shown.setProps({ modelValue: next }) }, { a: () => h('p', 'first'), b: () => h('p', 'second') })
    expect(await flaws()).toEqual([])
    await shown.find('[role=tablist]').trigger('keydown', { key: 'ArrowRight' })
    expect(shown.find('[role=tabpanel]').text()).toBe('second')
    await shown.find('[role=tablist]').trigger('keydown', { key: 'ArrowRight' })
    expect(shown.find('[role=tabpanel]').text()).toBe('first')
  })

  it('are fit for everybody', async () => {
    show(ProgressBar, { value: 40, label: 'Progress' })
    show(ProgressBar, { value: null, label: 'Progress' })
    show(SegmentedControl, { options: [{ value: 'a', label: 'A' }], label: 'Range', modelValue: 'a' })
    show(JsonView, { value: { a: 1 } })
    show(EmptyState, { title: 'Nothing', command: 'corral join' })
    show(PriorityMark, { priority: 'high', markOnly: true })
    expect(await flaws()).toEqual([])
  })
})

describe('a question before something that cannot be taken back', () => {
  const ask = (props: object = {}) => show(ConfirmDialog, { open: true, title: 'Delete agent', text: 'It is gone for good.', confirm: 'Delete 1 agent', ...props })
  const button = (text: string) => [...document.querySelectorAll('button')].find((one) => one.textContent?.includes(text))!

  it('is confirmed', async () => {
    const dialog = ask()
    await nextTick()
    document.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }))
    expect(dialog.emitted('confirm')).toHaveLength(1)
    expect(await flaws(document.querySelector('[role=alertdialog]')!)).toEqual([])
  })

  it('may demand a word', async () => {
    const dialog = ask({ typed: 'agent-7' })
    await nextTick()
    document.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }))
    expect(dialog.emitted('confirm')).toBeUndefined()
    const input = document.querySelector('input')!
    input.value = 'agent-7'
    input.dispatchEvent(new Event('input'))
    document.querySelector('form')!.dispatchEvent(new Event('submit', { cancelable: true }))
    expect(dialog.emitted('confirm')).toHaveLength(1)
  })

  it('can be left', async () => {
    const closed = vi.fn()
    ask({ 'onUpdate:open': closed })
    await nextTick()
    button('Keep as it is').click()
    await nextTick()
    expect(closed).toHaveBeenCalledWith(false)
  })
})
