/** Doubles of a clock, a switch behind a websocket, and a browser's media. */
import type { Clock } from '../src/verto/clock.ts'
import type { Microphone, Peer } from '../src/verto/media.ts'
import { Phone, type PhoneDeps } from '../src/verto/phone.ts'
import type { Json, Socket } from '../src/verto/rpc.ts'
import { Session, type Issued, type Link, type SessionDeps } from '../src/verto/session.ts'

/** Lets promises run. */
export const settle = async (): Promise<void> => {
  for (let n = 0; n < 40; n++) await Promise.resolve()
}

export class FakeClock implements Clock {
  time = 1_000_000
  chance = 0.5
  private timers: { at: number; work: () => void }[] = []

  now(): number {
    return this.time
  }

  after(milliseconds: number, work: () => void): () => void {
    const timer = { at: this.time + milliseconds, work }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  random(): number {
    return this.chance
  }

  get pending(): number {
    return this.timers.length
  }

  /** Lets time pass, and all that is due run in its order. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds
    for (;;) {
      await settle()
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.timers = this.timers.filter((timer) => timer !== next)
      this.time = Math.max(this.time, next.at)
      next.work()
    }
    this.time = end
    await settle()
  }
}

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  onerror: (() => void) | null = null
  sent: Json[] = []
  closed: number | null = null

  send(data: string): void {
    if (this.closed !== null) throw new Error('closed')
    this.sent.push(JSON.parse(data) as Json)
  }

  close(code = 1000): void {
    this.closed ??= code
  }

  open(): void {
    this.onopen?.()
  }

  /** The other side, or the network, ends it. */
  drop(code = 1006): void {
    this.closed = code
    this.onclose?.({ code, reason: '' })
  }

  /** A frame comes in. */
  frame(data: unknown): void {
    this.onmessage?.({ data })
  }

  private serial = 0

  /** A question of the switch. */
  asks(method: string, params: Json = {}): void {
    this.frame(JSON.stringify({ jsonrpc: '2.0', id: ++this.serial, method, params }))
  }

  /** Questions of ours, oldest first. */
  asked(method: string): Json[] {
    return this.sent.filter((message) => message.method === method)
  }

  last(method: string): Json {
    const found = this.asked(method).at(-1)
    if (!found) throw new Error(`${method} was not asked; sent: ${JSON.stringify(this.sent)}`)
    return found
  }

  params(method: string): Json {
    return this.last(method).params as Json
  }

  answer(method: string, result: Json = {}): void {
    this.frame(JSON.stringify({ jsonrpc: '2.0', id: this.last(method).id, result }))
  }

  refuse(method: string, error: Json): void {
    this.frame(JSON.stringify({ jsonrpc: '2.0', id: this.last(method).id, error }))
  }
}

export class FakePeer {
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null
  onconnectionstatechange: (() => void) | null = null
  ontrack: ((event: { streams: unknown[]; track: { kind: string } }) => void) | null = null
  iceGatheringState = 'new'
  connectionState = 'new'
  localDescription: { sdp: string } | null = null
  remote: { type: string; sdp: string }[] = []
  tracks: FakeTrack[] = []
  closed = false
  restarts = 0
  refuseRemote = false
  stats: [string, unknown][] = []
  /** Whether gathering ends by itself, with one candidate. */
  static gathers = true

  constructor(readonly config: RTCConfiguration) {}

  addTrack(track: FakeTrack): void {
    this.tracks.push(track)
  }

  getSenders(): unknown[] {
    return this.tracks.map((track, at) => ({
      track,
      replaceTrack: (other: FakeTrack) => {
        this.tracks[at] = other
        return Promise.resolve()
      },
    }))
  }

  createOffer(): Promise<{ type: string; sdp: string }> {
    return Promise.resolve({ type: 'offer', sdp: `offer ${this.restarts}` })
  }

  createAnswer(): Promise<{ type: string; sdp: string }> {
    return Promise.resolve({ type: 'answer', sdp: 'answer' })
  }

  setLocalDescription(description: { sdp: string }): Promise<void> {
    this.localDescription = { sdp: description.sdp }
    if (FakePeer.gathers) queueMicrotask(() => this.gathered())
    return Promise.resolve()
  }

  gathered(candidate = true): void {
    if (candidate && this.localDescription) this.localDescription.sdp += ' a=candidate:1'
    this.iceGatheringState = 'complete'
    this.onicecandidate?.({ candidate: null })
  }

  setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    if (this.refuseRemote) return Promise.reject(new Error('bad SDP'))
    this.remote.push(description)
    return Promise.resolve()
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map(this.stats))
  }

  restartIce(): void {
    this.restarts += 1
  }

  becomes(state: string): void {
    this.connectionState = state
    this.onconnectionstatechange?.()
  }

  close(): void {
    this.closed = true
  }
}

export class FakeTrack {
  enabled = true
  stopped = false
  onended: (() => void) | null = null
  kind = 'audio'
  stop(): void {
    this.stopped = true
  }
}

export class FakeStream {
  readonly tracks = [new FakeTrack()]
  getAudioTracks(): FakeTrack[] {
    return this.tracks
  }
}

export class FakeMicrophone {
  streams: FakeStream[] = []
  fault: Error | null = null

  open(): Promise<FakeStream> {
    if (this.fault) return Promise.reject(this.fault)
    const stream = new FakeStream()
    this.streams.push(stream)
    return Promise.resolve(stream)
  }
}

/** A browser, and the PBX and the switch that it talks to. */
export class World {
  readonly clock = new FakeClock()
  readonly sockets: FakeSocket[] = []
  readonly peers: FakePeer[] = []
  readonly microphone = new FakeMicrophone()
  readonly links: Link[] = []
  /** What the PBX answers; replaced by tests. */
  issue: (sessionId: string) => Promise<Issued> = (sessionId) => Promise.resolve(this.credentials(sessionId))
  issues = 0
  life = 900_000
  stored: unknown = null
  sounds: (string | null)[] = []
  readonly released: string[] = []
  sessionIds = 0
  private ids = 0

  credentials(sessionId: string): Issued {
    return {
      sessionId,
      clientId: 'client',
      password: `password ${this.issues}`,
      expires: this.clock.now() + this.life,
      iceServers: [],
      wsPath: '/verto',
    }
  }

  get sessionDeps(): SessionDeps {
    return {
      clock: this.clock,
      newId: () => `00000000-0000-4000-8000-${String(++this.ids).padStart(12, '0')}`,
      socket: () => {
        const socket = new FakeSocket()
        this.sockets.push(socket)
        return socket
      },
      issue: (sessionId) => {
        this.issues += 1
        return this.issue(sessionId)
      },
      release: (clientId) => this.released.push(clientId),
      newSession: () => `session-${++this.sessionIds}`,
    }
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }

  get peer(): FakePeer {
    const peer = this.peers.at(-1)
    if (!peer) throw new Error('no peer connection was made')
    return peer
  }

  session(): { session: Session; asked: [string, Json][]; ready: string[][]; lost: number[] } {
    const asked: [string, Json][] = []
    const ready: string[][] = []
    const lost: number[] = []
    const session = new Session('the-session', this.sessionDeps, {
      link: (link) => this.links.push(link),
      asked: (method, params) => asked.push([method, params]),
      ready: (attached) => ready.push(attached),
      lost: () => lost.push(this.clock.now()),
    })
    return { session, asked, ready, lost }
  }

  phone(): Phone {
    const deps: PhoneDeps = {
      ...this.sessionDeps,
      peer: (config) => {
        const peer = new FakePeer(config)
        this.peers.push(peer)
        return peer as unknown as Peer
      },
      microphone: this.microphone as unknown as Microphone,
      memory: {
        load: () => this.stored,
        save: (memory) => {
          this.stored = JSON.parse(JSON.stringify(memory))
        },
      },
    }
    return new Phone('the-session', deps, {
      changed: () => {},
      sound: (call, stream) => this.sounds.push(stream ? call : null),
      microphoneEnded: () => {},
    })
  }

  /** The switch takes the newest connection's login. */
  async letIn(attached: string[] = [], offers: Json[] = []): Promise<void> {
    await settle()
    this.socket.open()
    await settle()
    this.socket.answer('login', { message: 'logged in', sessid: 'the-session' })
    await settle()
    for (const offer of offers) this.socket.asks('verto.attach', offer)
    this.socket.asks('verto.clientReady', { reattached_sessions: attached })
    await settle()
  }

  async online(): Promise<Phone> {
    const phone = this.phone()
    await phone.obey({ do: 'start' })
    await this.letIn()
    return phone
  }
}
