/**
 * One call. Its state moves only along the arrows of call-state.ts; a message that fits none of them is not obeyed.
 */
import { ARROWS, type CallDeps, type CallEvents, type CallState, type Fault, type Memory, type Undone } from './call-state.ts'
import { Media, NoCandidate } from './media.ts'
import { figures, levels, quality, sample, type Figures, type Levels, type Quality, type Sample } from './quality.ts'
import { Lost, Refusal, text, type Json } from './rpc.ts'

export type { CallDeps, CallEvents, CallState, Fault, Memory, Undone } from './call-state.ts'

/** The switch decides how long something rings. This is longer than it ever waits. */
const INVITE_PATIENCE = 60_000
/** How often the sound is looked at, in milliseconds. */
const LOOK = 3_000
/** A path that is only disturbed often mends itself. */
const MENDS = 3_000

export class Call {
  state: CallState = 'new'
  number = ''
  name = ''
  muted = false
  /** When it was answered: milliseconds since 1970; 0: not yet. */
  answeredAt = 0
  /** A `Fault`, or the switch's cause. */
  cause = ''
  quality: Quality | null = null
  figures: Figures | null = null
  /** A hold, unhold or transfer is on its way. */
  busy = false
  undone: Undone = ''
  /** Digits sent so far. */
  digits = ''
  readonly startedAt: number
  private readonly media: Media
  /** Whether the switch has heard of it. */
  private known = false
  private theirs = ''
  private wasHeld = false
  private last: Sample | null = null
  private stopLooking = () => {}
  private stopMending = () => {}
  private mending = false

  constructor(
    /** The switch's name of it; a channel's id, so shown to nobody. */
    readonly id: string,
    readonly direction: 'out' | 'in',
    private readonly deps: CallDeps,
    private readonly events: CallEvents,
  ) {
    this.startedAt = deps.clock.now()
    this.media = new Media(deps, {
      sound: (stream) => events.sound(stream),
      path: (state) => this.path(state),
      microphoneEnded: () => events.microphoneEnded(),
    })
  }

  get isOver(): boolean {
    return this.state === 'over'
  }

  /** Whether somebody is spoken with, or could be. */
  get isUp(): boolean {
    return this.state === 'active' || this.state === 'held' || this.state === 'recovering'
  }

  /** Calls a number. */
  async dial(number: string): Promise<void> {
    this.number = number
    if (!this.go('requesting')) return
    try {
      const sdp = await this.media.offer(this.deps.iceServers())
      if (this.isOver) return
      this.known = true
      const params = { sdp, dialogParams: { callID: this.id, destination_number: number } }
      await this.deps.ask('verto.invite', params, INVITE_PATIENCE)
      // Media or the answer may have been here first.
      if (this.state === 'requesting') this.go('trying')
    } catch (error) {
      this.fail(error)
    }
  }

  /** It rings here. */
  ring(params: Json): void {
    this.known = true
    this.theirs = text(params, 'sdp')
    this.number = text(params, 'caller_id_number')
    this.name = text(params, 'caller_id_name')
    this.go('ringing')
  }

  /** Takes a call that rings. */
  async answer(): Promise<void> {
    if (!this.go('answering')) return
    try {
      const sdp = await this.media.answer(this.deps.iceServers(), this.theirs)
      if (this.isOver) return
      await this.deps.ask('verto.answer', { sdp, dialogParams: { callID: this.id } })
      this.up('active')
    } catch (error) {
      this.fail(error)
    }
  }

  /** The switch has it still, and offers its sound anew. */
  async attach(params: Json): Promise<void> {
    if (this.state !== 'recovering' && !this.go('recovering')) return
    this.known = true
    this.name = text(params, 'display_name') || text(params, 'callee_id_name') || this.name
    this.number = text(params, 'display_number') || text(params, 'callee_id_number') || this.number
    this.stopMending()
    try {
      // Closes the old connection before it makes the new one.
      const sdp = await this.media.answer(this.deps.iceServers(), text(params, 'sdp'))
      if (this.isOver) return
      await this.deps.ask('verto.attach', { sdp, dialogParams: { callID: this.id } })
      this.up(this.wasHeld ? 'held' : 'active')
    } catch (error) {
      if (error instanceof Lost) return
      this.fail(error)
    }
  }

  /** The connection to the switch is gone. A call that was not answered goes with it. */
  lost(): void {
    if (this.isOver) return
    if (!this.isUp) return this.end('CONNECTION_LOST')
    this.media.close()
    this.stopLooking()
    this.stopMending()
    this.mending = this.busy = false
    this.quality = this.figures = this.last = null
    this.wasHeld = this.held
    if (!this.go('recovering')) this.events.changed()
  }

  /** `verto.media` and `verto.answer`: the switch's sound, in whichever comes first. */
  async heard(state: 'early' | 'active', params: Json): Promise<void> {
    const calling = this.state === 'requesting' || this.state === 'trying' || this.state === 'early'
    if (this.direction !== 'out' || !calling) return
    try {
      const sdp = text(params, 'sdp')
      if (sdp) await this.media.take(sdp)
      if (state === 'active') this.up('active')
      else if (this.state !== 'early') this.go('early')
    } catch {
      this.hangUpFor('MEDIA_FAILED')
    }
  }

  /** Who is at the other end, now. */
  display(params: Json): void {
    const name = text(params, 'display_name')
    const number = text(params, 'display_number')
    if (!name && !number) return
    this.name = name
    this.number = number || this.number
    this.events.changed()
  }

  /** The switch ended it. */
  bye(params: Json): void {
    this.end(text(params, 'cause') || 'NORMAL_CLEARING')
  }

  /** We end it, and wait for nobody. */
  hangUp(cause = this.state === 'ringing' ? 'USER_BUSY' : 'NORMAL_CLEARING'): void {
    if (this.isOver) return
    this.end('NORMAL_CLEARING')
    if (this.known) this.deps.ask('verto.bye', { cause, dialogParams: { callID: this.id } }).catch(() => {})
  }

  /** The microphone is off until it is on again, whatever happens to the sound in between. */
  mute(muted: boolean): void {
    this.muted = muted
    this.heed()
    this.events.changed()
  }

  /** On hold or not: what the switch says counts, not what was asked for. */
  async hold(held: boolean): Promise<boolean> {
    if ((this.state !== 'active' && this.state !== 'held') || (this.state === 'held') === held) return this.isUp
    return this.modify('hold', { action: held ? 'hold' : 'unhold' })
  }

  /** Sends the other side on to a number. */
  transfer(number: string): Promise<boolean> {
    return this.modify('transfer', { action: 'transfer', destination: number })
  }

  /** Connects the other side with that of another call of ours. */
  connect(other: Call): Promise<boolean> {
    return this.modify('transfer', { action: 'replace', replaceCallID: other.id })
  }

  /** Digits during a call. */
  async send(digits: string): Promise<void> {
    const sendable = this.state === 'active' || this.state === 'early'
    if (!sendable || !/^[0-9A-D*#]{1,32}$/.test(digits)) return
    this.digits += digits
    this.events.changed()
    await this.deps.ask('verto.info', { dtmf: digits, dialogParams: { callID: this.id } }).catch(() => {})
  }

  /** How loud both sides are, now; null: nothing is heard or said. */
  async levels(): Promise<Levels | null> {
    const report = this.state === 'active' ? await this.media.stats()?.catch(() => null) : null
    return report ? levels(report as unknown as Iterable<[string, unknown]>) : null
  }

  /** The chosen microphone is another one. */
  async changeMicrophone(): Promise<void> {
    await this.media.changeMicrophone()
  }

  private async modify(what: Exclude<Undone, ''>, params: Json): Promise<boolean> {
    if (!this.isUp || this.busy) return false
    this.busy = true
    this.undone = ''
    this.events.changed()
    try {
      const answer = await this.deps.ask('verto.modify', { ...params, dialogParams: { callID: this.id } })
      this.obey(answer)
      return true
    } catch (error) {
      // What became of it is not known where there is no answer: the call itself will tell.
      if (error instanceof Refusal) {
        this.obey(error.data)
        this.undone = what
      }
      return false
    } finally {
      this.busy = false
      this.events.changed()
    }
  }

  private obey(answer: Json): void {
    const state = text(answer, 'holdState')
    if (state === 'held' && this.state === 'active') this.go('held')
    else if (state === 'active' && this.state === 'held') this.go('active')
  }

  private path(state: RTCPeerConnectionState): void {
    if (state === 'failed') return void this.mend()
    if (state === 'connected') this.stopMending()
    if (state === 'disconnected' && !this.mending) {
      this.stopMending()
      this.stopMending = this.deps.clock.after(MENDS, () => void this.mend())
    }
  }

  /** The network changed under the call, and the connection to the switch held: new paths. */
  private async mend(): Promise<void> {
    if (this.mending || (this.state !== 'active' && this.state !== 'held')) return
    this.mending = true
    this.stopMending()
    try {
      const sdp = await this.media.again()
      const params = { action: 'updateMedia', sdp, dialogParams: { callID: this.id } }
      const answer = await this.deps.ask('verto.modify', params)
      const theirs = text(answer, 'sdp')
      if (theirs) await this.media.take(theirs)
    } catch {
      // Without a path the switch's own time-out ends it; a lost connection comes back by `attach`.
    } finally {
      this.mending = false
    }
  }

  private up(state: 'active' | 'held'): void {
    if (!this.go(state)) return
    this.answeredAt ||= this.deps.clock.now()
    this.wasHeld = false
    this.events.changed()
    this.look()
  }

  private look(): void {
    this.stopLooking()
    this.stopLooking = this.deps.clock.after(LOOK, () => {
      void this.judge().finally(() => (this.state === 'active' || this.state === 'held') && this.look())
    })
  }

  private async judge(): Promise<void> {
    const report = await this.media.stats()?.catch(() => null)
    if (!report || !this.isUp) return
    const now = sample(report as unknown as Iterable<[string, unknown]>)
    const before = this.last
    this.last = now
    if (!before) return
    this.quality = quality(before, now)
    this.figures = figures(before, now)
    this.events.changed()
  }

  private fail(error: unknown): void {
    if (this.isOver) return
    const { name } = error as Error
    if (error instanceof Refusal) this.end(text(error.data, 'cause') || refusal(error))
    else if (error instanceof Lost) this.hangUpFor('CONNECTION_LOST')
    else if (error instanceof NoCandidate) this.hangUpFor('NO_NETWORK_PATH')
    else if (name === 'NotAllowedError' || name === 'SecurityError') this.hangUpFor('MICROPHONE_REFUSED')
    else if (name === 'NotFoundError' || name === 'NotReadableError') this.hangUpFor('NO_MICROPHONE')
    else this.hangUpFor('MEDIA_FAILED')
  }

  /** Tells the switch too: it would wait for sound that never comes. */
  private hangUpFor(fault: Fault): void {
    this.hangUp('NORMAL_TEMPORARY_FAILURE')
    this.cause = fault
    this.events.changed()
  }

  /** What is remembered of it through a reload of the page. */
  memory(): Memory {
    const { held } = this
    const { id, direction, number, name, muted, answeredAt } = this
    return { id, direction, number, name, muted, answeredAt, held }
  }

  /** Takes that back, before it is attached. */
  remember(memory: Memory): void {
    this.number = memory.number
    this.name = memory.name
    this.answeredAt = memory.answeredAt
    this.wasHeld = memory.held
    this.muted = memory.muted
    this.heed()
  }

  /** It is not ours to speak on any more: the switch is told nothing. */
  abandon(cause: string): void {
    this.end(cause)
  }

  private get held(): boolean {
    return this.state === 'held' || (this.state === 'recovering' && this.wasHeld)
  }

  /** Whom we hold hears nothing of us: a switch without music to play would go on passing our voice. */
  private heed(): void {
    this.media.mute(this.muted || this.held)
  }

  private end(cause: string): void {
    if (this.isOver) return
    this.cause = cause
    this.stopLooking()
    this.stopMending()
    this.media.close()
    this.busy = false
    this.go('over')
  }

  private go(to: CallState): boolean {
    if (!ARROWS[this.state].includes(to)) return false
    this.state = to
    this.heed()
    this.events.changed()
    return true
  }
}

/** The switch names its trouble with sound in the message alone. */
const refusal = ({ message }: Refusal): Fault => (/CODEC|MEDIA|SDP/.test(message) ? 'MEDIA_FAILED' : 'REFUSED')
