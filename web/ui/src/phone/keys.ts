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
    private readonly phone: Handset,
    private readonly clock: Clock = realClock,
    private readonly search: () => void = () => document.getElementById('search')?.focus(),
  ) {}

  /** Whether the key is one of ours. One that is held down does what it does once: a second Esc is a second press. */
  press(pressed: string, repeated: boolean): boolean {
    const { calls } = this.phone.state.peek()
    const key = pressed.length === 1 ? pressed.toLowerCase() : pressed
    const does = meaning(key, calls)
    if (!does) return false
    if (repeated) return true
    const find = (...states: string[]) => calls.find((call) => states.includes(call.state))
    const current = find('active') ?? find('held')
    if (does === 'search') this.search()
    if (does === 'answer') this.phone.send({ do: 'answer', call: find('ringing')!.id })
    if (does === 'mute') this.phone.send({ do: 'mute', call: current!.id, on: !current!.muted })
    if (does === 'hold') this.phone.send({ do: 'hold', call: current!.id, on: current!.state !== 'held' })
    if (does === 'digit') this.phone.send({ do: 'send', call: current!.id, digits: key })
    if (does === 'end') {
      this.end(find('requesting', 'trying', 'early') ?? current ?? calls.find((one) => one.state !== 'over')!)
    }
    return true
  }

  close(): void {
    this.forget()
    ending.value = null
  }

  private end(call: CallView): void {
    this.forget()
    if (ending.peek() === call.id) {
      ending.value = null
      this.phone.send({ do: 'hangUp', call: call.id })
      return
    }
    ending.value = call.id
    this.forget = this.clock.after(SECOND, () => (ending.value = null))
  }
}

export const useKeys = (phone: Handset): void => {
  useEffect(() => {
    const keys = new Keys(phone)
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
  }, [phone])
}
