/** What calls are to people: whom they are with, how they sound, and how they are told of. */
import { t } from '../i18n.ts'
import type { CallView } from '../verto/phone.ts'
import type { Tone } from './tones.ts'

/** Who a call is with, as people say it. */
export const party = (call: CallView): string => call.name || call.number || t('call.unknown')

/** Whether somebody is being called: one at a time. */
export const isDialling = (calls: CallView[]): boolean =>
  calls.some((call) => ['new', 'requesting', 'trying', 'early'].includes(call.state))

/** What is heard while calls are like this; null: nothing that the page makes. */
export const toneFor = (calls: CallView[]): Tone | null => {
  const has = (...states: string[]) => calls.some((call) => states.includes(call.state))
  if (has('ringing')) return has('active', 'answering') ? 'waiting' : 'ring'
  // The switch says nothing while the other side rings, unless it sends sound.
  return has('trying') ? 'ringback' : null
}

/** Tells of a call in a page that nobody looks at. */
export const notify = (call: CallView): void => {
  if (document.visibilityState === 'visible' || !('Notification' in window)) return
  if (Notification.permission !== 'granted') return
  try {
    const shown = new Notification(t('call.incoming', { name: party(call) }), { tag: 'pbx-call', body: call.number })
    shown.onclick = () => {
      window.focus()
      shown.close()
    }
  } catch {
    // Some browsers have them for service workers alone.
  }
}
