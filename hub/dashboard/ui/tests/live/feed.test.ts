import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Feed, type FromHub } from '@/live/feed'

import { FakeSocket } from './socket'

const hello = { type: 'hello', epoch: 'e', seq: 5, at: 0, resumed: true, beat_ms: 10_000 } as const

function feedAt(place: { epoch: string; seq: number } | null = null) {
  const heard: FromHub[] = []
  const lost = vi.fn()
  const feed = new Feed(
    { place: () => place, heard: (message) => heard.push(message), lost },
    { open: (address) => new FakeSocket(address) as unknown as WebSocket, address: 'ws://hub/ws/dashboard', random: () => 0.5 },
  )
  feed.start()
  return { feed, heard, lost }
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.forget()
})
afterEach(() => vi.useRealTimers())

describe('the feed', () => {
  it('begins afresh without a place, and goes on from one', () => {
    feedAt()
    feedAt({ epoch: 'e 1', seq: 7 })
    expect(FakeSocket.all.map((socket) => socket.address)).toEqual(['ws://hub/ws/dashboard', 'ws://hub/ws/dashboard?epoch=e%201&since=7'])
  })

  it('passes on what it hears', () => {
    const { heard } = feedAt()
    FakeSocket.last.says(hello)
    expect(heard).toEqual([hello])
  })

  it('comes back after a loss, later each time', () => {
    const { lost } = feedAt()
    FakeSocket.last.dies()
    expect(lost).toHaveBeenLastCalledWith(1, null)
    vi.advanceTimersByTime(749)
    expect(FakeSocket.all).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last.dies()
    vi.advanceTimersByTime(1_249)
    expect(FakeSocket.all).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(FakeSocket.all).toHaveLength(3)
  })

  it('comes back late to a hub that has turned it away, and tells why', () => {
    const { lost } = feedAt()
    FakeSocket.last.dies(4003, 'you have 32 pages open already')
    expect(lost).toHaveBeenLastCalledWith(1, 'you have 32 pages open already')
    vi.advanceTimersByTime(22_499)
    expect(FakeSocket.all).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last.dies(4000, 'the hub stops')
    expect(lost).toHaveBeenLastCalledWith(2, null)
    vi.advanceTimersByTime(2_000)
    expect(FakeSocket.all).toHaveLength(3)
  })

  it('starts the waits over once the hub has greeted', () => {
    const { lost } = feedAt()
    FakeSocket.last.dies()
    vi.advanceTimersByTime(1_000)
    FakeSocket.last.says(hello)
    FakeSocket.last.dies()
    expect(lost).toHaveBeenLastCalledWith(1, null)
  })

  it('says that it is well when it hears something, at most once in a while', () => {
    feedAt()
    FakeSocket.last.says(hello)
    FakeSocket.last.says({ type: 'beat', at: 1, seq: 5 })
    expect(FakeSocket.last.said.filter((message) => message.type === 'beat')).toHaveLength(1)
    vi.advanceTimersByTime(8_000)
    FakeSocket.last.says({ type: 'beat', at: 1, seq: 5 })
    expect(FakeSocket.last.said.filter((message) => message.type === 'beat')).toHaveLength(2)
  })

  it('leaves a socket that is silent', () => {
    const { lost } = feedAt()
    FakeSocket.last.says(hello)
    vi.advanceTimersByTime(30_000)
    expect(FakeSocket.all).toHaveLength(2)
    expect(FakeSocket.all[0]!.readyState).toBe(WebSocket.CLOSED)
    expect(lost).toHaveBeenCalled()
  })

  it('stays away once stopped', () => {
    const { feed } = feedAt()
    FakeSocket.last.dies()
    feed.stop()
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(1)
  })
})
