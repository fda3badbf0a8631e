/** The phone of one channel: a session, and the calls on it, of which at most one is spoken on. */
import { Call, type CallState, type Memory, type Undone } from './call.ts'
import type { MediaDeps } from './media.ts'
import type { Figures, Levels, Quality } from './quality.ts'
import { dialable } from './number.ts'
import { isObject, text, type Json } from './rpc.ts'
import { Session, type Link, type SessionDeps } from './session.ts'

/** A call as pages see it. */
export interface CallView {
  id: string
  direction: 'out' | 'in'
  state: CallState
  number: string
  name: string
  muted: boolean
  answeredAt: number
  cause: string
  quality: Quality | null
  figures: Figures | null
  busy: boolean
  undone: Undone
  digits: string
}

/** The phone as pages see it: plain data, so that one tab can tell the others. */
export interface PhoneState {
  link: Link
  calls: CallView[]
}

export type Command =
  | { do: 'start' | 'stop' }
  | { do: 'dial'; number: string }
  | { do: 'answer' | 'hangUp' | 'resume' | 'dismiss'; call: string }
  | { do: 'mute' | 'hold'; call: string; on: boolean }
  | { do: 'send'; call: string; digits: string }
  | { do: 'transfer'; call: string; number: string }
  | { do: 'connect'; call: string; other: string }

export interface PhoneDeps extends SessionDeps, MediaDeps {
  /** What is kept through a reload of the page. */
  memory: { load(): unknown; save(memory: Memory[]): void }
}

export interface PhoneEvents {
  changed(): void
  sound(call: string, stream: MediaStream | null): void
  microphoneEnded(): void
}

/** More ring nowhere: they are busy. */
const MOST_CALLS = 6
/** For how long a call that is over is shown. */
const SHOWN = 6_000

export class Phone {
  readonly session: Session
  private calls: Call[] = []
  /** The calls of the page that was here before. */
  private readonly remembered: Memory[]

  constructor(
    sessionId: string,
    private readonly deps: PhoneDeps,
    private readonly events: PhoneEvents,
  ) {
    this.remembered = memories(deps.memory.load())
    this.session = new Session(sessionId, deps, {
      link: (link) => this.linked(link),
      asked: (method, params) => this.asked(method, params),
      ready: (attached) => this.ready(attached),
      lost: () => this.calls.forEach((call) => call.lost()),
    })
  }

  get state(): PhoneState {
    return { link: this.session.link, calls: this.calls.map(view) }
  }

  /** Does what a page asks for, in this tab or another. What does not fit the state is not done. */
  async obey(command: Command): Promise<void> {
    switch (command.do) {
      case 'start':
        return this.session.start()
      case 'stop':
        this.calls.forEach((call) => call.hangUp())
        return this.session.stop()
      case 'dial':
        return this.dial(command.number)
      default:
        return this.command(command)
    }
  }

  /** The microphone that is chosen is another one. */
  async changeMicrophone(): Promise<void> {
    await Promise.all(this.live().map((call) => call.changeMicrophone()))
  }

  /** How loud it is in a call. */
  levels(call: string): Promise<Levels | null> {
    return this.find(call)?.levels() ?? Promise.resolve(null)
  }

  private async command(command: Exclude<Command, { do: 'start' | 'stop' | 'dial' }>): Promise<void> {
    const call = this.find(command.call)
    if (!call) return
    switch (command.do) {
      case 'answer':
        if (await this.quiet(call)) await call.answer()
        return
      case 'hangUp':
        return call.hangUp()
      case 'dismiss':
        return call.isOver ? this.forget(call) : undefined
      case 'resume':
        if (await this.quiet(call)) await call.hold(false)
        return
      case 'mute':
        return call.mute(command.on)
      case 'hold':
        if (command.on || (await this.quiet(call))) await call.hold(command.on)
        return
      case 'send':
        return call.send(command.digits)
      case 'transfer': {
        const number = dialable(command.number)
        if (number) await call.transfer(number)
        return
      }
      case 'connect': {
        const other = this.find(command.other)
        if (other && other !== call && other.isUp) await call.connect(other)
        return
      }
    }
  }

  private async dial(wanted: string): Promise<void> {
    const number = dialable(wanted)
    const calling = this.calls.some((call) => call.direction === 'out' && !call.isUp && !call.isOver)
    if (!number || this.session.link !== 'ready' || calling) return
    const call = this.add(this.deps.newId(), 'out')
    call.number = number
    if (await this.quiet(call)) await call.dial(number)
    else call.abandon(this.session.link === 'ready' ? 'OTHER_NOT_HELD' : 'CONNECTION_LOST')
  }

  /** Puts every other call on hold; false: one of them is still spoken on. */
  private async quiet(but: Call): Promise<boolean> {
    const others = this.calls.filter((call) => call !== but && call.state === 'active')
    await Promise.all(others.map((call) => call.hold(true)))
    return others.every((call) => call.state !== 'active')
  }

  private asked(method: string, params: Json): void {
    const id = text(params, 'callID')
    if (method === 'verto.invite') return this.invited(id, params)
    if (method === 'verto.attach') return this.attached(id, params)
    const call = this.find(id)
    if (!call || call.isOver) return
    switch (method) {
      case 'verto.media':
        return void call.heard('early', params)
      case 'verto.answer':
        return void call.heard('active', params)
      case 'verto.display':
        return call.display(params)
      case 'verto.bye':
        return call.bye(params)
    }
  }

  private invited(id: string, params: Json): void {
    if (!/^[\w-]{8,64}$/.test(id) || this.find(id)) return
    const call = this.add(id, 'in')
    call.ring(params)
    if (this.live().length > MOST_CALLS || !text(params, 'sdp')) {
      call.hangUp('USER_BUSY')
      this.forget(call)
    }
  }

  private attached(id: string, params: Json): void {
    if (!/^[\w-]{8,64}$/.test(id)) return
    let call = this.find(id)
    if (!call) {
      const known = this.remembered.find((memory) => memory.id === id)
      call = this.add(id, known?.direction ?? 'in')
      if (known) call.remember(known)
    }
    void call.attach(params)
  }

  private ready(attached: string[]): void {
    for (const call of this.live()) {
      if (call.state === 'recovering' && !attached.includes(call.id)) call.abandon('CONNECTION_LOST')
    }
  }

  private linked(link: Link): void {
    // Whoever took over has the calls as well.
    const gone = link === 'punted' || link === 'signed-out' || link === 'no-channel' || link === 'refused'
    if (gone) this.live().forEach((call) => call.abandon('CONNECTION_LOST'))
    this.events.changed()
  }

  private add(id: string, direction: 'out' | 'in'): Call {
    const deps = {
      clock: this.deps.clock,
      peer: this.deps.peer,
      microphone: this.deps.microphone,
      ask: (method: string, params: Json, patience?: number) => this.session.ask(method, params, patience),
      iceServers: () => this.session.iceServers,
    }
    const call: Call = new Call(id, direction, deps, {
      changed: () => this.changed(call),
      sound: (stream) => this.events.sound(id, stream),
      microphoneEnded: () => this.events.microphoneEnded(),
    })
    this.calls = [...this.calls, call]
    return call
  }

  private changed(call: Call): void {
    if (!this.calls.includes(call)) return
    if (call.isOver) {
      this.events.sound(call.id, null)
      this.deps.clock.after(SHOWN, () => this.forget(call))
    }
    // A page that is left in the middle of it knows it again.
    this.deps.memory.save(this.live().filter((known) => known.isUp).map((known) => known.memory()))
    this.events.changed()
  }

  private forget(call: Call): void {
    if (!this.calls.includes(call)) return
    this.calls = this.calls.filter((known) => known !== call)
    this.events.changed()
  }

  private live(): Call[] {
    return this.calls.filter((call) => !call.isOver)
  }

  private find(id: string): Call | undefined {
    return this.calls.find((call) => call.id === id)
  }
}

const view = (call: Call): CallView => {
  const { id, direction, state, number, name, muted, answeredAt, cause, quality, figures, busy, undone, digits } = call
  return { id, direction, state, number, name, muted, answeredAt, cause, quality, figures, busy, undone, digits }
}

const memories = (stored: unknown): Memory[] => {
  if (!Array.isArray(stored)) return []
  return stored.filter(isObject).map((one) => ({
    id: text(one, 'id'),
    direction: one.direction === 'out' ? 'out' : 'in',
    number: text(one, 'number'),
    name: text(one, 'name'),
    muted: one.muted === true,
    held: one.held === true,
    answeredAt: typeof one.answeredAt === 'number' ? one.answeredAt : 0,
  }))
}
