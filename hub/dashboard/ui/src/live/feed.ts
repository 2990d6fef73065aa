/**
 * Keeps one socket to the hub: opens it, greets, listens, comes back after a loss.
 *
 * Says what it hears to its listener and decides nothing about the picture; the only thing it
 * asks is from which batch it may go on.
 */
import type { Beat, Delta, Ended, Hello, Reset, Step } from '@/api/types'

import { backoff } from './backoff'

export type FromHub =
  | (Hello & { type: 'hello' })
  | (Delta & { type: 'delta' })
  | (Step & { type: 'step' })
  | (Reset & { type: 'reset' })
  | (Beat & { type: 'beat' })
  | (Ended & { type: 'ended' })

export interface Listener {
  /** From where to go on: null for a fresh start. */
  place: () => { epoch: string; seq: number } | null
  heard: (message: FromHub) => void
  /**
   * The socket is gone; the page may ask whether its session still is. With the words with which
   * the hub turned the page away, null when it did not; undefined when the page left by itself.
   */
  lost: (failures: number, refusal?: string | null) => void
}

export interface Environment {
  open: (address: string) => WebSocket
  address: string
  random: () => number
}

/** Silent for longer than so many beats, a socket is taken for dead. */
const DEAD_BEATS = 2.5
/** The page says something this often, in beats: a little before the hub would wonder. */
const ANSWER_BEATS = 0.8
/** `CloseCode.RATE_LIMITED` of the hub: there are too many pages, or this one said too much. */
const TURNED_AWAY = 4003
/** Whoever was turned away comes back after this long at least, and after twice as long at most. */
const TURNED_AWAY_MS = 15_000

export class Feed {
  private socket: WebSocket | null = null
  private retry: ReturnType<typeof setTimeout> | undefined
  private beat: ReturnType<typeof setInterval> | undefined
  private heardAt = 0
  private saidAt = 0
  private beatMs = 10_000
  private stopped = true
  failures = 0

  constructor(
    private readonly listener: Listener,
    private readonly environment: Environment = browser(),
  ) {}

  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.failures = 0
    this.connect()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.retry)
    this.drop()
  }

  /** Tries at once instead of waiting, as when the network is back or a gap was seen. */
  again(): void {
    if (this.stopped) return
    clearTimeout(this.retry)
    this.drop()
    this.listener.lost(this.failures)
    this.connect()
  }

  say(message: object): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return
    this.saidAt = Date.now()
    this.socket.send(JSON.stringify(message))
  }

  private connect(): void {
    const place = this.listener.place()
    const since = place === null ? '' : `?epoch=${encodeURIComponent(place.epoch)}&since=${place.seq}`
    const socket = this.environment.open(this.environment.address + since)
    this.socket = socket
    this.heardAt = Date.now()
    this.listen(this.beatMs)
    socket.onmessage = (event) => this.hear(event.data as string)
    socket.onclose = (event) => this.close(socket, event)
  }

  private hear(text: string): void {
    this.heardAt = Date.now()
    const message = JSON.parse(text) as FromHub
    if (message.type === 'hello') {
      this.failures = 0
      this.beatMs = message.beat_ms
      this.listen(message.beat_ms)
    }
    this.answer()
    this.listener.heard(message)
  }

  private listen(beatMs: number): void {
    clearInterval(this.beat)
    this.beat = setInterval(() => this.tick(), beatMs)
  }

  private tick(): void {
    if (Date.now() - this.heardAt > this.beatMs * DEAD_BEATS) this.again()
    else this.answer()
  }

  /** Says now and then that the page is well; upon what it hears, as timers of hidden pages are slowed. */
  private answer(): void {
    if (Date.now() - this.saidAt >= this.beatMs * ANSWER_BEATS) this.say({ type: 'beat', at: Date.now() })
  }

  private close(socket: WebSocket, { code, reason }: CloseEvent): void {
    if (socket !== this.socket) return
    this.drop()
    if (this.stopped) return
    const { random } = this.environment
    const isRefused = code === TURNED_AWAY
    const wait = backoff(this.failures++, random)
    this.retry = setTimeout(() => this.connect(), isRefused ? TURNED_AWAY_MS * (1 + random()) : wait)
    this.listener.lost(this.failures, isRefused ? reason : null)
  }

  private drop(): void {
    clearInterval(this.beat)
    const socket = this.socket
    this.socket = null
    if (socket === null) return
    socket.onmessage = null
    socket.onclose = null
    socket.close()
  }
}

function browser(): Environment {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return {
    open: (address) => new WebSocket(address),
    address: `${scheme}://${location.host}/ws/dashboard`,
    random: Math.random,
  }
}
