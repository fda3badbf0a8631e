/** What was typed after something was sent to be saved: that is not saved with it. */
export const since = <T extends Record<string, unknown>>(sent: T, typed: T): T =>
  Object.fromEntries(
    Object.entries(typed).filter(([name, value]) => !Object.hasOwn(sent, name) || sent[name] !== value),
  ) as T
