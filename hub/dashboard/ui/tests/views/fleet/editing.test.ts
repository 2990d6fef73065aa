import { describe, expect, it } from 'vitest'

import { changesOf, clashes, flawsOf, formOf, readCapabilities, readLabels, rebased } from '@/views/fleet/editing'

const AGENT = {
  name: 'Builder',
  note: null,
  labels: { zone: 'eu', spot: '' },
  capabilities: ['gpu', 'docs'],
  slots: 4,
  fixed: ['slots'],
}

describe('the form of an agent', () => {
  it('shows what people fixed, and leaves to the agent what is its own', () => {
    expect(formOf(AGENT)).toEqual({
      name: '',
      note: '',
      labels: 'spot\nzone=eu',
      capabilities: '',
      slots: '4',
    })
  })

  it('asks only for what was changed', () => {
    const before = formOf(AGENT)
    expect(changesOf(before, before)).toEqual({})
    expect(changesOf(before, { ...before, name: 'New', note: 'why' })).toEqual({ name: 'New', note: 'why' })
    expect(changesOf(before, { ...before, slots: '' })).toEqual({ slots: null })
    expect(changesOf(before, { ...before, capabilities: 'a, b\na' })).toEqual({ capabilities: ['a', 'b'] })
    expect(changesOf(before, { ...before, labels: '' })).toEqual({ labels: {} })
  })

  it('reads labels and capabilities as people write them', () => {
    expect(readLabels(' zone = eu \nspot\nurl=a=b')).toEqual({ zone: 'eu', spot: '', url: 'a=b' })
    expect(readLabels('__proto__=x')).toEqual(Object.fromEntries([['__proto__', 'x']]))
    expect(readCapabilities('gpu,  docs,\n,gpu')).toEqual(['gpu', 'docs'])
  })

  it('says what is wrong beside the field', () => {
    const form = formOf(AGENT)
    expect(flawsOf(form)).toEqual({})
    expect(Object.keys(flawsOf({ ...form, slots: '-1' }))).toEqual(['slots'])
    expect(Object.keys(flawsOf({ ...form, slots: '1025' }))).toEqual(['slots'])
    expect(Object.keys(flawsOf({ ...form, labels: '=x' }))).toEqual(['labels'])
    expect(Object.keys(flawsOf({ ...form, note: 'n'.repeat(501) }))).toEqual(['note'])
  })
})

describe('after a conflict', () => {
  const before = formOf(AGENT)
  const mine = { ...before, note: 'mine', slots: '8' }
  const theirs = { ...before, note: 'theirs', name: 'Renamed' }

  it('names the fields that both have changed', () => {
    expect(clashes(before, mine, theirs)).toEqual(['note'])
  })

  it('keeps what I typed on top of what they did', () => {
    expect(rebased(before, mine, theirs)).toEqual({ ...theirs, note: 'mine', slots: '8' })
  })
})
