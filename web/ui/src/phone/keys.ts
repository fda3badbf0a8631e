/** Keys of the page; none of them while something is typed. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { CallView } from '../verto/phone.ts'
import type { Hub } from './hub.ts'

/** The call that a second Esc would end. */
export const ending = signal<string | null>(null)

const types = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))

/** What a key does: null if nothing. */
export const meaning = (key: string, calls: CallView[]): 'search' | 'answer' | 'mute' | 'hold' | 'end' | 'digit' | null => {
  const has = (...states: string[]) => calls.some((call) => states.includes(call.state))
  if (key === '/') return 'search'
  if (key === 'a' && has('ringing')) return 'answer'
  if (key === 'm' && has('active', 'held')) return 'mute'
  if (key === 'h' && has('active', 'held')) return 'hold'
  if (key === 'Escape' && calls.some((call) => call.state !== 'over')) return 'end'
  if (/^[0-9*#]$/.test(key) && has('active')) return 'digit'
  return null
}

export const useKeys = (hub: Hub): void => {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const heed = (event: KeyboardEvent) => {
      const { calls } = hub.state.peek()
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return
      if (types(event.target)) return
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
      const does = meaning(key, calls)
      if (!does) return
      event.preventDefault()
      const find = (...states: string[]) => calls.find((call) => states.includes(call.state))
      const current = find('active') ?? find('held')
      if (does === 'search') document.getElementById('search')?.focus()
      if (does === 'answer') hub.send({ do: 'answer', call: find('ringing')!.id })
      if (does === 'mute') hub.send({ do: 'mute', call: current!.id, on: !current!.muted })
      if (does === 'hold') hub.send({ do: 'hold', call: current!.id, on: current!.state !== 'held' })
      if (does === 'digit') hub.send({ do: 'send', call: current!.id, digits: key })
      if (does === 'end') {
        const call = find('requesting', 'trying', 'early') ?? current ?? calls.find((one) => one.state !== 'over')!
        clearTimeout(timer)
        if (ending.peek() === call.id) {
          hub.send({ do: 'hangUp', call: call.id })
          ending.value = null
        } else {
          ending.value = call.id
          timer = setTimeout(() => (ending.value = null), 2_500)
        }
      }
    }
    document.addEventListener('keydown', heed)
    return () => {
      clearTimeout(timer)
      ending.value = null
      document.removeEventListener('keydown', heed)
    }
  }, [hub])
}
