/** What a decision looked at, as a tree. Without a browser, for its tests. */

export interface Step {
  text: string
  /** Whether it spoke for the call or against it; null: neither. */
  verdict: boolean | null
  /** What was looked at for it. */
  steps: readonly Step[]
}

/** All of them, in the order in which they were looked at. */
export const allOf = (steps: readonly Step[]): Step[] => steps.flatMap((step) => [step, ...allOf(step.steps)])

/** How many spoke for the call and against it, and which was the last to. */
export const summary = (steps: readonly Step[]): { yes: number; no: number; last: Step | undefined } => {
  const all = allOf(steps)
  return {
    yes: all.filter(({ verdict }) => verdict === true).length,
    no: all.filter(({ verdict }) => verdict === false).length,
    last: all.findLast(({ verdict }) => verdict !== null),
  }
}
