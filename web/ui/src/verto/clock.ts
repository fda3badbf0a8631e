/** Time, timers and chance, as far as the phone needs them: tests put their own in. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs `work` once, after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, work: () => void): () => void
  /** From 0 up to, not including, 1. */
  random(): number
}

export const realClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}
