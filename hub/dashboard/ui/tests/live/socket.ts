/** A socket whose other end is the test. */

export class FakeSocket {
  static all: FakeSocket[] = []

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!
  }

  static forget(): void {
    FakeSocket.all = []
  }

  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  readyState: number = WebSocket.OPEN
  readonly said: { type: string; [field: string]: unknown }[] = []

  constructor(readonly address: string) {
    FakeSocket.all.push(this)
  }

  send(text: string): void {
    this.said.push(JSON.parse(text))
  }

  close(): void {
    this.readyState = WebSocket.CLOSED
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  dies(code = 1006, reason = ''): void {
    this.readyState = WebSocket.CLOSED
    this.onclose?.({ code, reason })
  }
}
