/**
 * One of the tabs of a browser leads: it has the phone (two with the same session id would throw each other out
 * for ever) or the stream of events (a browser has six connections to a host). The others see what it sees, and
 * send it what they want done. When it closes, the next one leads.
 */
import { isObject } from './rpc.ts'

/** `navigator.locks`, as far as we use it. */
export interface Locks {
  request(name: string, options: { signal?: AbortSignal }, held: () => Promise<void>): Promise<unknown>
}

/** A `BroadcastChannel`, as far as we use one. */
export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null
  postMessage(message: unknown): void
  close(): void
}

export interface TabsEvents<State, Command> {
  /** This tab leads from now on. */
  lead(): void
  /** What the leader's state is; asked for when a tab comes. */
  state(): State
  /** In the leader: what some other tab wants. */
  command(command: Command): void
  /** In the others: what the leader says. */
  told(state: State): void
}

export class Tabs<State, Command> {
  leads = false
  private over = false
  private release = () => {}
  private readonly abort = new AbortController()

  constructor(
    name: string,
    /** Null where the browser has none (no secure context): then each tab leads itself. */
    locks: Locks | null,
    private readonly channel: Channel | null,
    private readonly events: TabsEvents<State, Command>,
  ) {
    if (!locks || !channel) {
      this.leads = true
      queueMicrotask(() => this.over || events.lead())
      return
    }
    channel.onmessage = (event) => this.take(event.data)
    channel.postMessage({ kind: 'hello' })
    locks.request(name, { signal: this.abort.signal }, () => this.lead()).catch(() => {
      // Closed while waiting.
    })
  }

  /** In the leader: tells the others. */
  tell(state: State): void {
    if (this.leads && !this.over) this.channel?.postMessage({ kind: 'state', state })
  }

  /** Has something done, here or in the leader. */
  send(command: Command): void {
    if (this.leads) this.events.command(command)
    else if (!this.over) this.channel?.postMessage({ kind: 'command', command })
  }

  /** This tab goes; the next one may lead. */
  close(): void {
    this.over = true
    this.leads = false
    this.abort.abort()
    this.channel?.close()
    this.release()
  }

  private lead(): Promise<void> {
    if (this.over) return Promise.resolve()
    this.leads = true
    this.events.lead()
    this.tell(this.events.state())
    return new Promise((resolve) => {
      this.release = resolve
    })
  }

  private take(message: unknown): void {
    if (this.over || !isObject(message)) return
    if (this.leads) {
      if (message.kind === 'hello') this.tell(this.events.state())
      else if (message.kind === 'command' && isObject(message.command)) this.events.command(message.command as Command)
    } else if (message.kind === 'state' && message.state !== undefined) {
      this.events.told(message.state as State)
    }
  }
}

/** This browser's, where it has them. */
export const browserLocks = (): Locks | null => (typeof navigator.locks === 'undefined' ? null : navigator.locks)
export const browserChannel = (name: string): Channel | null =>
  typeof BroadcastChannel === 'undefined' ? null : (new BroadcastChannel(name) as unknown as Channel)
