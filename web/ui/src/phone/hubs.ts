/** The phones of this tab, by channel. They outlive the page that shows them, so that a call does too. */
import { signal } from '@preact/signals'
import { Hub } from './hub.ts'

const open = new Map<string, Hub>()

/** The channels that have a phone here. */
export const phones = signal<readonly [string, Hub][]>([])

export const hub = (channel: string): Hub => {
  let known = open.get(channel)
  if (!known) {
    known = new Hub(channel)
    open.set(channel, known)
    phones.value = [...open]
  }
  return known
}

/** Signing out ends them. */
export const closeHubs = (): void => {
  for (const known of open.values()) known.close()
  open.clear()
  phones.value = []
}
