/** The sounds that the phone makes itself: it rings, says that the other side rings, and that a key was pressed. */
import { signal } from '@preact/signals'
import { route, used } from './devices.ts'

export type Tone = 'ring' | 'waiting' | 'ringback'

interface Pattern {
  frequencies: number[]
  /** Seconds: sound, silence, sound, silence. */
  steps: number[]
  volume: number
}

const PATTERNS: Record<Tone, Pattern> = {
  ring: { frequencies: [440, 554, 660], steps: [0.4, 0.2, 0.4, 2], volume: 0.25 },
  // Softly, into a call.
  waiting: { frequencies: [440], steps: [0.2, 4], volume: 0.06 },
  ringback: { frequencies: [425], steps: [1, 4], volume: 0.08 },
}

/** True: the browser lets this page make no sound until somebody clicks on it. */
export const locked = signal(true)

let context: AudioContext | null = null
let playing: { tone: Tone; end: () => void } | null = null

const own = (): AudioContext => {
  if (!context) {
    context = new AudioContext()
    const { current } = { current: context }
    current.onstatechange = () => {
      locked.value = current.state !== 'running'
    }
  }
  return context
}

/** To be called from a click or a key. */
export const unlock = async (): Promise<void> => {
  const mine = own()
  await mine.resume().catch(() => {})
  locked.value = mine.state !== 'running'
}

/** Looks whether sound may be made, without asking for it by a click. */
export const probe = (): void => void unlock()

/** Plays a tone over and over, or none. */
export const play = (tone: Tone | null): void => {
  if (playing?.tone === tone) return
  playing?.end()
  playing = tone ? { tone, end: start(PATTERNS[tone], tone === 'ring') } : null
}

const start = (pattern: Pattern, rings: boolean): (() => void) => {
  const mine = own()
  const ids = used.peek()
  void route(mine, rings ? ids.ringer : ids.speaker)
  void mine.resume().catch(() => {})
  const gain = mine.createGain()
  gain.gain.value = 0
  gain.connect(mine.destination)
  const tones = pattern.frequencies.map((frequency) => {
    const tone = mine.createOscillator()
    tone.frequency.value = frequency
    tone.connect(gain)
    tone.start()
    return tone
  })
  const length = pattern.steps.reduce((sum, step) => sum + step, 0)
  const round = () => {
    let at = mine.currentTime + 0.02
    pattern.steps.forEach((step, index) => {
      gain.gain.setTargetAtTime(index % 2 === 0 ? pattern.volume : 0, at, 0.015)
      at += step
    })
  }
  round()
  const timer = setInterval(round, length * 1000)
  return () => {
    clearInterval(timer)
    gain.gain.cancelScheduledValues(mine.currentTime)
    gain.gain.setTargetAtTime(0, mine.currentTime, 0.01)
    for (const tone of tones) tone.stop(mine.currentTime + 0.1)
  }
}

const ROWS = [697, 770, 852, 941]
const COLUMNS = [1209, 1336, 1477]

/** The short tone of a key, for the ear of who presses it. */
export const key = (digit: string): void => {
  const at = '123456789*0#'.indexOf(digit)
  if (at < 0) return
  const mine = own()
  void mine.resume().catch(() => {})
  const gain = mine.createGain()
  gain.gain.value = 0.05
  gain.connect(mine.destination)
  for (const frequency of [ROWS[Math.floor(at / 3)], COLUMNS[at % 3]]) {
    const tone = mine.createOscillator()
    tone.frequency.value = frequency ?? 0
    tone.connect(gain)
    tone.start()
    tone.stop(mine.currentTime + 0.12)
  }
}
