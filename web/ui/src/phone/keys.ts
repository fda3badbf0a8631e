/** Keys of the page; none of them while something is typed. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { realClock, type Clock } from '../verto/clock.ts'
import type { CallView, Command } from '../verto/phone.ts'

/** The call that a second Esc would end. */
export const ending = signal<string | null>(null)

/** So long, in milliseconds, a second Esc is one. */
const SECOND = 2_500

/** What the keys need of a phone. */
export interface Handset {
  state: { peek(): { calls: CallView[] } }
  send(command: Command): void
}

const types = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))

/** False: this page has nothing to search. */
const focusSearch = (): boolean => {
  const found = document.getElementById('search')
  found?.focus()
  return Boolean(found)
}

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

export class Keys {
  private forget = () => {}

  constructor(
    /** All there are; what fits calls of several is done with the first. */
    private readonly phones: () => readonly Handset[],
    private readonly clock: Clock = realClock,
    private readonly search: () => boolean = focusSearch,
  ) {}

  /** Whether the key is one of ours. One that is held down does what it does once: a second Esc is a second press. */
  press(pressed: string, repeated: boolean): boolean {
    const all = this.phones().flatMap((phone) => phone.state.peek().calls.map((call) => ({ phone, call })))
    const key = pressed.length === 1 ? pressed.toLowerCase() : pressed
    const does = meaning(key, all.map(({ call }) => call))
    if (!does) return false
    if (repeated) return true
    if (does === 'search') return this.search()
    const find = (...states: string[]) => all.find(({ call }) => states.includes(call.state))
    const current = find('active') ?? find('held')
    if (does === 'end') {
      this.end(find('requesting', 'trying', 'early') ?? current ?? all.find(({ call }) => call.state !== 'over')!)
      return true
    }
    const { phone, call } = (does === 'answer' ? find('ringing') : current)!
    if (does === 'answer') phone.send({ do: 'answer', call: call.id })
    if (does === 'mute') phone.send({ do: 'mute', call: call.id, on: !call.muted })
    if (does === 'hold') phone.send({ do: 'hold', call: call.id, on: call.state !== 'held' })
    if (does === 'digit') phone.send({ do: 'send', call: call.id, digits: key })
    return true
  }

  close(): void {
    this.forget()
    ending.value = null
  }

  private end({ phone, call }: { phone: Handset; call: CallView }): void {
    this.forget()
    if (ending.peek() === call.id) {
      ending.value = null
      phone.send({ do: 'hangUp', call: call.id })
      return
    }
    ending.value = call.id
    this.forget = this.clock.after(SECOND, () => (ending.value = null))
  }
}

export const useKeys = (phones: () => readonly Handset[]): void => {
  useEffect(() => {
    const keys = new Keys(phones)
    const heed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return
      if (types(event.target)) return
      if (keys.press(event.key, event.repeat)) event.preventDefault()
    }
    document.addEventListener('keydown', heed)
    return () => {
      document.removeEventListener('keydown', heed)
      keys.close()
    }
  }, [phones])
}
