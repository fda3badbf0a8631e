/**
 * The sound of one call: a peer connection as mod_verto wants it.
 *
 * Complete SDP only (the switch takes no trickled candidates), never `max-bundle` (its answers have no BUNDLE),
 * and no offer without a candidate: the switch drops its own before it reads ours, and then hears nothing.
 */
import type { Clock } from './clock.ts'

/** A peer connection, as far as we use one. */
export type Peer = Pick<
  RTCPeerConnection,
  | 'createOffer'
  | 'createAnswer'
  | 'setLocalDescription'
  | 'setRemoteDescription'
  | 'localDescription'
  | 'iceGatheringState'
  | 'connectionState'
  | 'onicecandidate'
  | 'onconnectionstatechange'
  | 'ontrack'
  | 'getSenders'
  | 'getStats'
  | 'restartIce'
  | 'close'
> & {
  addTrack(track: MediaStreamTrack, ...streams: MediaStream[]): unknown
}

/** Where the microphone comes from; the phone has one for all its calls. */
export interface Microphone {
  /** A track of the chosen microphone. Rejects with a DOMException (`NotAllowedError`, `NotFoundError`). */
  open(): Promise<MediaStream>
}

export interface MediaDeps {
  clock: Clock
  peer(config: RTCConfiguration): Peer
  microphone: Microphone
}

export interface MediaEvents {
  /** The other side's sound. */
  sound(stream: MediaStream): void
  /** The path to the switch broke, or works. */
  path(state: RTCPeerConnectionState): void
  /** The microphone was unplugged or taken away. */
  microphoneEnded(): void
}

/** Gathering may take this long if there is a candidate by then, and this long in all. */
const GATHER = 1_000
const GATHER_AT_MOST = 5_000

/** No way to the switch was found: a firewall, or no network. */
export class NoCandidate extends Error {
  constructor() {
    super('no candidate was gathered')
    this.name = 'NoCandidate'
  }
}

export class Media {
  private peer: Peer | null = null
  private stream: MediaStream | null = null
  private muted = false
  private answered = false

  constructor(
    private readonly deps: MediaDeps,
    private readonly events: MediaEvents,
  ) {}

  /** Ours to the switch, for a call that begins here. */
  async offer(iceServers: RTCIceServer[]): Promise<string> {
    const peer = await this.open(iceServers)
    const gathered = this.gathering(peer)
    await peer.setLocalDescription(await peer.createOffer())
    return gathered()
  }

  /** Ours to an offer of the switch, for a call that rings here or comes back. */
  async answer(iceServers: RTCIceServer[], theirs: string): Promise<string> {
    const peer = await this.open(iceServers)
    await peer.setRemoteDescription({ type: 'offer', sdp: theirs })
    this.answered = true
    const gathered = this.gathering(peer)
    await peer.setLocalDescription(await peer.createAnswer())
    return gathered()
  }

  /** The switch's answer, by `verto.media` or `verto.answer`, whichever came first; a second is not read. */
  async take(theirs: string): Promise<void> {
    if (this.answered) return
    this.answered = true
    await this.peer?.setRemoteDescription({ type: 'answer', sdp: theirs })
  }

  /** An offer over new paths, after the network changed while the connection to the switch held. */
  async again(): Promise<string> {
    const { peer } = this
    if (!peer) throw new NoCandidate()
    peer.restartIce()
    this.answered = false
    // The state still says "complete": only the event counts.
    const gathered = this.gathering(peer, true)
    await peer.setLocalDescription(await peer.createOffer())
    return gathered()
  }

  /** Whether the microphone is heard: kept for every track that follows. */
  mute(muted: boolean): void {
    this.muted = muted
    this.heed(this.stream)
  }

  /** Takes the microphone that is chosen now. */
  async changeMicrophone(): Promise<void> {
    const { peer } = this
    if (!peer) return
    const fresh = await this.deps.microphone.open()
    const track = fresh.getAudioTracks()[0]
    const sender = peer.getSenders()[0]
    if (peer !== this.peer || !track || !sender) return stop(fresh)
    this.watch(track)
    this.heed(fresh)
    await sender.replaceTrack(track)
    stop(this.stream)
    this.stream = fresh
  }

  stats(): Promise<RTCStatsReport> | null {
    return this.peer?.getStats() ?? null
  }

  /** Ends it, and lets go of the microphone. Before a call is attached again too: with the old one open, the
   *  new one hears nothing. */
  close(): void {
    const { peer, stream } = this
    this.peer = this.stream = null
    this.answered = false
    if (peer) {
      peer.onicecandidate = peer.onconnectionstatechange = peer.ontrack = null
      peer.close()
    }
    stop(stream)
  }

  private async open(iceServers: RTCIceServer[]): Promise<Peer> {
    this.close()
    // First, so that the browser shows real addresses instead of names that only mDNS knows.
    const stream = await this.deps.microphone.open()
    const track = stream.getAudioTracks()[0]
    if (!track) throw new NoCandidate()
    this.stream = stream
    this.heed(stream)
    this.watch(track)
    const peer = this.deps.peer({ iceServers, bundlePolicy: 'balanced' })
    this.peer = peer
    peer.addTrack(track, stream)
    peer.ontrack = (event) => {
      const [theirs] = event.streams
      if (peer === this.peer && event.track.kind === 'audio') this.events.sound(theirs ?? new MediaStream([event.track]))
    }
    peer.onconnectionstatechange = () => peer === this.peer && this.events.path(peer.connectionState)
    return peer
  }

  /** Waits for the candidates of the description that is set next. */
  private gathering(peer: Peer, onlyTheEvent = false): () => Promise<string> {
    let complete = false
    let wake = () => {}
    peer.onicecandidate = (event) => {
      complete ||= event.candidate === null
      wake()
    }
    const sdp = () => peer.localDescription?.sdp ?? ''
    return () =>
      new Promise((resolve, reject) => {
        let late = false
        const look = (end = false) => {
          const done = complete || (!onlyTheEvent && peer.iceGatheringState === 'complete')
          const usable = sdp().includes('a=candidate')
          const closed = peer !== this.peer
          if (!closed && usable && (done || late)) resolve(sdp())
          else if (closed || done || end) reject(new NoCandidate())
          else return
          cancel()
        }
        const first = this.deps.clock.after(GATHER, () => {
          late = true
          look()
        })
        const last = this.deps.clock.after(GATHER_AT_MOST, () => look(true))
        const cancel = () => {
          first()
          last()
          wake = () => {}
        }
        wake = look
        look()
      })
  }

  private heed(stream: MediaStream | null): void {
    for (const track of stream?.getAudioTracks() ?? []) track.enabled = !this.muted
  }

  private watch(track: MediaStreamTrack): void {
    track.onended = () => this.stream?.getAudioTracks().includes(track) && this.events.microphoneEnded()
  }
}

const stop = (stream: MediaStream | null): void => {
  for (const track of stream?.getAudioTracks() ?? []) {
    track.onended = null
    track.stop()
  }
}
