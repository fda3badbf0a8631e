/**
 * JSON-RPC 2.0 over one websocket, as mod_verto speaks it.
 *
 * Both sides ask. What has a `method` is a question of the switch, whatever its id: the switch numbers its own
 * questions 1, 2, 3, so ids of ours are UUIDs. Its error objects may hold a key twice, and its errors may lack a
 * code; both are read for what they are.
 */
import type { Clock } from './clock.ts'

/** A websocket, as far as we use one. */
export interface Socket {
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  onerror: (() => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
}

export type Json = Record<string, unknown>

/** The switch said no. */
export class Refusal extends Error {
  constructor(
    readonly code: number | undefined,
    message: string,
    readonly data: Json,
  ) {
    super(message)
    this.name = 'Refusal'
  }
}

/** The connection ended, or never came back with an answer. */
export class Lost extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'Lost'
  }
}

export interface RpcEvents {
  opened(): void
  /** A question of the switch. It is answered already. */
  asked(method: string, params: Json): void
  /** Told once, whoever ended it. */
  closed(code: number, reason: string): void
}

interface Waiting {
  done(result: Json): void
  failed(error: Error): void
  stop(): void
}

/** No message of the switch is larger: its own limit. */
const LARGEST = 1_000_000

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The text under a key; empty if there is none. */
export const text = (from: Json, key: string): string => {
  const value = from[key]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

export class Rpc {
  /** Frames that were no message. */
  garbage = 0
  private readonly waiting = new Map<string, Waiting>()
  private over = false

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    private readonly newId: () => string,
    private readonly events: RpcEvents,
  ) {
    socket.onopen = () => this.over || this.events.opened()
    socket.onmessage = (event) => this.over || this.take(event.data)
    socket.onclose = (event) => this.end(event.code, event.reason)
    // A close follows each error and says more.
    socket.onerror = null
  }

  /** Asks the switch. Rejects with `Refusal` or `Lost`. */
  ask(method: string, params: Json, patience = 15_000): Promise<Json> {
    if (this.over) return Promise.reject(new Lost('the connection is closed'))
    const id = this.newId()
    return new Promise((resolve, reject) => {
      const stop = this.clock.after(patience, () => {
        this.waiting.delete(id)
        reject(new Lost(`no answer to ${method}`))
      })
      this.waiting.set(id, { done: resolve, failed: reject, stop })
      try {
        this.send({ jsonrpc: '2.0', id, method, params })
      } catch {
        // The socket is closing; its close event ends everything that waits.
      }
    })
  }

  /** Ends the connection now, without waiting for the other side to agree. */
  close(code = 1000, reason = ''): void {
    if (this.over) return
    try {
      this.socket.close(code, reason)
    } finally {
      this.end(code, reason)
    }
  }

  private take(data: unknown): void {
    if (typeof data !== 'string' || data.length > LARGEST) {
      this.garbage += 1
      return
    }
    let message: unknown
    try {
      message = JSON.parse(data)
    } catch {
      this.garbage += 1
      return
    }
    if (!isObject(message)) this.garbage += 1
    else if (typeof message.method === 'string') this.question(message.method, message)
    else this.answer(message)
  }

  private question(method: string, message: Json): void {
    if (typeof message.id === 'number' || typeof message.id === 'string') {
      try {
        this.send({ jsonrpc: '2.0', id: message.id, result: { method } })
      } catch {
        // The socket is closing; what was asked is still to be known.
      }
    }
    this.events.asked(method, isObject(message.params) ? message.params : {})
  }

  private answer(message: Json): void {
    const waiting = typeof message.id === 'string' ? this.waiting.get(message.id) : undefined
    if (!waiting) {
      this.garbage += 1
      return
    }
    this.waiting.delete(message.id as string)
    waiting.stop()
    if (isObject(message.error)) {
      const { code } = message.error
      const number = typeof code === 'number' ? code : undefined
      waiting.failed(new Refusal(number, text(message.error, 'message') || 'refused', message.error))
    } else {
      waiting.done(isObject(message.result) ? message.result : {})
    }
  }

  private send(message: Json): void {
    this.socket.send(JSON.stringify(message))
  }

  private end(code: number, reason: string): void {
    if (this.over) return
    this.over = true
    const { socket } = this
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null
    for (const waiting of this.waiting.values()) {
      waiting.stop()
      waiting.failed(new Lost('the connection ended'))
    }
    this.waiting.clear()
    this.events.closed(code, reason)
  }
}
