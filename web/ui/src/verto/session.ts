/**
 * One browser's login at the switch: it comes back by itself, with the same session id, so that calls come back
 * too; and it stops for good when the switch says that another connection has its place (`verto.punt`).
 */
import type { Clock } from './clock.ts'
import { Lost, Refusal, Rpc, isObject, type Json, type Socket } from './rpc.ts'

/** What `POST /extensions/<channel-id>/sessions` answers. */
export interface Issued {
  sessionId: string
  clientId: string
  password: string
  /** Milliseconds since 1970. */
  expires: number
  iceServers: RTCIceServer[]
  wsPath: string
}

/**
 * Why no credentials were issued. taken: the session id belongs to an earlier sign-in. later: it may go better by
 * itself.
 */
export class NotIssued extends Error {
  constructor(
    readonly why: 'signed-out' | 'no-channel' | 'too-many' | 'taken' | 'later',
    message: string,
    /** Milliseconds to wait, if the server said. */
    readonly wait = 0,
  ) {
    super(message)
    this.name = 'NotIssued'
  }
}

/**
 * off: never started, or stopped by us. connecting: on the way. ready: calls are possible. waiting: will be tried
 * again. punted: another connection took over; stays so until somebody says "use here". signed-out, no-channel,
 * refused: stays so until started again.
 */
export type Link =
  | 'off'
  | 'connecting'
  | 'ready'
  | 'waiting'
  | 'punted'
  | 'signed-out'
  | 'no-channel'
  | 'too-many'
  | 'refused'

export interface SessionDeps {
  clock: Clock
  newId(): string
  socket(wsPath: string): Socket
  /** Asks the PBX for credentials of this session id: the same client id each time, a new password. */
  issue(sessionId: string): Promise<Issued>
  /** Tells the PBX that a client is not needed any more. */
  release(clientId: string): void
  /** A session id that nobody has, kept from now on instead of the one before. */
  newSession(): string
}

export interface SessionEvents {
  link(link: Link): void
  /** A question of the switch that is about calls. */
  asked(method: string, params: Json): void
  /** The login is complete; calls that we know and that are not in `attached` are gone. */
  ready(attached: string[]): void
  /** The connection ended: the switch has stopped all media. */
  lost(): void
}

const FIRST_RETRY = 200
const FIRST_JITTER = 300
const LONGEST_RETRY = 30_000
/** From the first byte to `verto.clientReady`. */
const PATIENCE = 10_000
const PING_EVERY = 20_000
const PING_PATIENCE = 5_000
/** A password this close to its end is not used for a new login. */
const FRESH = 15_000
/** So long after going offline the client is given back. */
const RELEASE = 1_000
/** However wrong a clock is: not more often. */
const SOONEST_RENEWAL = 20_000
/** Wrong passwords in a row, each fresh, before we believe it. */
const REFUSALS = 3
/** mod_verto: wrong or missing password, or session in use. */
const AUTH = [-32000, -32001]

export class Session {
  link: Link = 'off'
  /** What calls are made with. */
  iceServers: RTCIceServer[] = []
  private issued: Issued | null = null
  private rpc: Rpc | null = null
  /** Raised at each start and stop: what belongs to an earlier attempt sees that it is over. */
  private attempt = 0
  private tries = 0
  private refusals = 0
  private loggedIn = false
  private readonly timers = new Map<string, () => void>()
  private pinged = 0
  /** Keeps the client that would be given back. */
  private keep = () => {}
  /** The server said not to ask before. */
  private barred = 0

  constructor(
    private sessionId: string,
    private readonly deps: SessionDeps,
    private readonly events: SessionEvents,
  ) {}

  /** Goes online; also "use here" after a punt. Does nothing while it is or comes online. */
  start(): void {
    if (this.link === 'connecting' || this.link === 'ready') return
    this.tries = this.refusals = 0
    this.keep()
    void this.connect()
  }

  /** Goes offline. */
  stop(): void {
    const { issued } = this
    this.end('off')
    if (!issued) return
    // What was said last, such as a goodbye to a caller, reaches the switch first.
    this.issued = null
    this.keep = this.deps.clock.after(RELEASE, () => this.deps.release(issued.clientId))
  }

  /** The network changed, the page is seen again or the machine slept: find out now whether the line is there. */
  nudge(): void {
    if (this.link === 'waiting' && this.deps.clock.now() >= this.barred) {
      this.tries = 0
      void this.connect()
    } else if (this.link === 'ready') {
      this.ping()
    }
  }

  /** Asks the switch. */
  ask(method: string, params: Json, patience?: number): Promise<Json> {
    if (!this.rpc || !this.loggedIn) return Promise.reject(new Lost('not connected'))
    return this.rpc.ask(method, params, patience)
  }

  private async connect(): Promise<void> {
    const attempt = ++this.attempt
    this.clearTimers()
    this.become('connecting')
    // One limit for the whole way: whatever hangs is tried again.
    this.timer('patience', PATIENCE, () => this.retry())
    try {
      const held = this.issued
      const fresh = held && held.expires - this.deps.clock.now() > FRESH ? held : await this.issue()
      if (attempt !== this.attempt) return
      this.open(fresh, attempt)
    } catch (error) {
      if (attempt !== this.attempt) return
      if (error instanceof NotIssued && error.why === 'taken') this.sessionId = this.deps.newSession()
      this.notIssued(error)
    }
  }

  private async issue(): Promise<Issued> {
    const issued = await this.deps.issue(this.sessionId)
    this.issued = issued
    this.iceServers = issued.iceServers
    return issued
  }

  private notIssued(error: unknown): void {
    const final = error instanceof NotIssued && error.why !== 'later' && error.why !== 'taken'
    if (final) this.end(error.why)
    else this.retry(error instanceof NotIssued ? error.wait : 0)
  }

  private open(issued: Issued, attempt: number): void {
    const mine = () => attempt === this.attempt
    const rpc: Rpc = new Rpc(this.deps.socket(issued.wsPath), this.deps.clock, this.deps.newId, {
      opened: () => mine() && void this.login(rpc, issued, attempt),
      asked: (method, params) => mine() && this.asked(method, params),
      closed: () => mine() && this.retry(),
    })
    this.rpc = rpc
  }

  private async login(rpc: Rpc, issued: Issued, attempt: number): Promise<void> {
    try {
      await rpc.ask('login', { login: issued.clientId, passwd: issued.password, sessid: this.sessionId })
    } catch (error) {
      if (attempt !== this.attempt) return
      if (error instanceof Refusal && (error.code === undefined || AUTH.includes(error.code))) {
        this.issued = null
        this.refusals += 1
        if (this.refusals >= REFUSALS) return this.end('refused')
      }
      return this.retry()
    }
    // A message that came with the answer was read before this line: `verto.clientReady` may have been it.
    if (attempt === this.attempt) this.loggedIn = true
  }

  private asked(method: string, params: Json): void {
    switch (method) {
      case 'verto.punt':
        return this.end('punted')
      case 'verto.clientReady':
        return this.ready(params)
      case 'verto.ping':
        return
      default:
        // Attached calls come before clientReady, and their answers go out at once.
        this.loggedIn = true
        this.events.asked(method, params)
    }
  }

  private ready(params: Json): void {
    if (this.link === 'ready') return
    this.loggedIn = true
    this.tries = this.refusals = 0
    this.stopTimer('patience')
    this.keepAlive()
    this.renewInTime()
    const listed = params.reattached_sessions
    const attached = Array.isArray(listed) ? listed.filter((id): id is string => typeof id === 'string') : []
    // Calls are put right first: who hears "ready" may look at them.
    this.events.ready(attached)
    this.become('ready')
  }

  private keepAlive(): void {
    this.pinged = this.deps.clock.now()
    this.timer('ping', PING_EVERY, () => {
      this.ping()
      if (this.link === 'ready') this.keepAlive()
    })
  }

  private ping(): void {
    const attempt = this.attempt
    this.rpc?.ask('verto.ping', {}, this.slept() ? PING_PATIENCE / 2 : PING_PATIENCE).catch((error: unknown) => {
      // Any answer shows that the line is there.
      if (attempt === this.attempt && error instanceof Lost) this.retry()
    })
  }

  /** Timers stand still while the machine sleeps. */
  private slept(): boolean {
    return this.deps.clock.now() - this.pinged > 2 * PING_EVERY
  }

  /** The switch ends the connection with the password: a new one is had while the old one is good. */
  private renewInTime(wait?: number): void {
    const left = (this.issued?.expires ?? 0) - this.deps.clock.now()
    const due = wait ?? Math.max(left * (0.7 + 0.1 * this.deps.clock.random()), SOONEST_RENEWAL)
    this.timer('renew', due, () => void this.renew())
  }

  private async renew(): Promise<void> {
    const attempt = this.attempt
    try {
      const issued = await this.issue()
      if (attempt !== this.attempt) return
      await this.ask('login', { login: issued.clientId, passwd: issued.password, sessid: this.sessionId })
      if (attempt === this.attempt) this.renewInTime()
    } catch (error) {
      if (attempt !== this.attempt) return
      // The call that runs goes on until the switch ends it: nothing is cut here.
      const final = error instanceof NotIssued && error.why !== 'later' && error.why !== 'taken'
      if (!final) this.renewInTime(5_000 + 5_000 * this.deps.clock.random())
    }
  }

  private retry(atLeast = 0): void {
    this.drop()
    const { clock } = this.deps
    const wait =
      this.tries === 0
        ? FIRST_RETRY + FIRST_JITTER * clock.random()
        : Math.min(LONGEST_RETRY, 500 * 2 ** this.tries) * (0.5 + 0.5 * clock.random())
    this.tries += 1
    this.barred = clock.now() + atLeast
    this.become('waiting')
    this.timer('retry', Math.max(wait, atLeast), () => void this.connect())
  }

  private end(link: Link): void {
    this.drop()
    this.become(link)
  }

  /** Ends the attempt, whichever way it stands. */
  private drop(): void {
    const { rpc } = this
    this.attempt += 1
    this.clearTimers()
    this.rpc = null
    this.loggedIn = false
    if (rpc) {
      rpc.close()
      this.events.lost()
    }
  }

  private become(link: Link): void {
    if (link === this.link) return
    this.link = link
    this.events.link(link)
  }

  private timer(name: string, milliseconds: number, work: () => void): void {
    this.stopTimer(name)
    this.timers.set(
      name,
      this.deps.clock.after(milliseconds, () => {
        this.timers.delete(name)
        work()
      }),
    )
  }

  private stopTimer(name: string): void {
    this.timers.get(name)?.()
    this.timers.delete(name)
  }

  private clearTimers(): void {
    for (const name of [...this.timers.keys()]) this.stopTimer(name)
  }
}

/** Reads the server's answer; throws if it is none. `ahead`: by how many milliseconds our clock is ahead of its. */
export const readIssued = (answer: unknown, ahead = 0): Issued => {
  if (!isObject(answer)) throw new NotIssued('later', 'no answer')
  const { sessionId, clientId, password, expiresAt, iceServers, wsPath } = answer
  const expires = typeof expiresAt === 'number' ? expiresAt * 1000 : Date.parse(String(expiresAt))
  if (
    typeof sessionId !== 'string' ||
    typeof clientId !== 'string' ||
    typeof password !== 'string' ||
    typeof wsPath !== 'string' ||
    !wsPath.startsWith('/') ||
    !Number.isFinite(expires)
  ) {
    throw new NotIssued('later', 'the answer names no session')
  }
  return {
    sessionId,
    clientId,
    password,
    expires: expires + ahead,
    wsPath,
    iceServers: Array.isArray(iceServers) ? (iceServers as RTCIceServer[]) : [],
  }
}
