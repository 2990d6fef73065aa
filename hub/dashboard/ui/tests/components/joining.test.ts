import { describe, expect, it } from 'vitest'

import { flawOfName, isLocalOnly, joinLine } from '@/components/joining'

describe('the line that joins an agent', () => {
  it('is the one that the command line prints', () => {
    expect(joinLine('http://hub:8420', 'code', null)).toBe('corral join http://hub:8420 code --allow uname')
    expect(joinLine('http://hub:8420', 'code', 'gpu-1')).toBe(
      'corral join http://hub:8420 code --name gpu-1 --allow uname',
    )
  })

  it('never holds what a shell would act upon, as such names are refused', () => {
    for (const text of ['a;b', 'a b', '$(x)', '-a', 'a\nb', '`x`', 'x'.repeat(129)]) {
      expect(flawOfName(text)).not.toBeNull()
    }
    expect(flawOfName('gpu-1.eu:a@b_c')).toBeNull()
    expect(flawOfName('')).toBeNull()
  })

  it('is of no use elsewhere when the hub is only known by a local address', () => {
    expect(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'].map(isLocalOnly)).toEqual([true, true, true, true])
    expect(['hub.local', '10.0.0.1', '1270.example'].map(isLocalOnly)).toEqual([false, false, false])
  })
})
