/** How a call sounds, judged from what the browser counts. */

export interface Sample {
  received: number
  lost: number
  /** Seconds. */
  jitter: number
  /** Seconds; none: not measured. */
  roundTrip: number | null
  /** How what arrives is encoded; empty: the browser does not say. */
  codec: string
}

/** How a call was between two samples, in numbers. */
export interface Figures {
  /** Of what was sent to us, from 0 to 1; null: nothing was. */
  loss: number | null
  /** Milliseconds. */
  jitter: number
  /** Milliseconds; null: not measured. */
  roundTrip: number | null
  codec: string
}

/** silent: nothing arrives at all. */
export type Quality = 'good' | 'fair' | 'poor' | 'silent'

/** How loud our microphone and the other side are: see `loudness`; null: the browser does not say. */
export interface Levels {
  mine: number | null
  theirs: number | null
}

/** An amplitude, 0 to 1, as long as people would draw it: from -60 dB to 0. */
export const loudness = (amplitude: number): number => Math.max(0, Math.min(1, 1 + Math.log10(amplitude + 1e-9) / 3))

/** What a report says of how loud it is. */
export const levels = (report: Iterable<[string, unknown]>): Levels => {
  const all: Levels = { mine: null, theirs: null }
  for (const [, value] of report) {
    const { type, kind, audioLevel } = value as Record<string, unknown>
    if (kind !== 'audio' || typeof audioLevel !== 'number') continue
    if (type === 'media-source') all.mine = loudness(audioLevel)
    if (type === 'inbound-rtp') all.theirs = loudness(audioLevel)
  }
  return all
}

/** What a report says of the sound that arrives. */
export const sample = (report: Iterable<[string, unknown]>): Sample => {
  const all: Sample = { received: 0, lost: 0, jitter: 0, roundTrip: null, codec: '' }
  const codecs = new Map<unknown, string>()
  let used: unknown
  for (const [id, value] of report) {
    const entry = value as Record<string, unknown>
    const number = (key: string) => (typeof entry[key] === 'number' ? (entry[key] as number) : 0)
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
      all.received += number('packetsReceived')
      all.lost += Math.max(0, number('packetsLost'))
      all.jitter = Math.max(all.jitter, number('jitter'))
      used = entry.codecId ?? used
    } else if (entry.type === 'codec' && typeof entry.mimeType === 'string') {
      codecs.set(id, `${entry.mimeType.replace(/^audio\//, '')} ${number('clockRate') / 1000} kHz`)
    } else if (entry.type === 'remote-inbound-rtp' && entry.kind === 'audio' && 'roundTripTime' in entry) {
      all.roundTrip = Math.max(all.roundTrip ?? 0, number('roundTripTime'))
    } else if (entry.type === 'candidate-pair' && entry.nominated === true && 'currentRoundTripTime' in entry) {
      all.roundTrip = Math.max(all.roundTrip ?? 0, number('currentRoundTripTime'))
    }
  }
  all.codec = codecs.get(used) ?? ''
  return all
}

/** What is said of it to those who want to know. */
export const figures = (before: Sample, now: Sample): Figures => {
  const received = Math.max(0, now.received - before.received)
  const lost = Math.max(0, now.lost - before.lost)
  return {
    loss: received + lost > 0 ? lost / (received + lost) : null,
    jitter: now.jitter * 1000,
    roundTrip: now.roundTrip === null ? null : now.roundTrip * 1000,
    codec: now.codec,
  }
}

/** The quality between two samples. */
export const quality = (before: Sample, now: Sample): Quality => {
  const received = now.received - before.received
  const lost = Math.max(0, now.lost - before.lost)
  if (received <= 0) return 'silent'
  const loss = lost / (received + lost)
  const roundTrip = now.roundTrip ?? 0
  if (loss > 0.05 || roundTrip > 0.5 || now.jitter > 0.08) return 'poor'
  if (loss > 0.01 || roundTrip > 0.25 || now.jitter > 0.03) return 'fair'
  return 'good'
}
