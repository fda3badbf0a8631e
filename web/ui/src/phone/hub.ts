/**
 * The phone of the page: in one tab it is real, in the others it shows that one and has it do things.
 */
import { effect, signal } from '@preact/signals'
import * as api from '../api.ts'
import { store } from '../storage.ts'
import { realClock } from '../verto/clock.ts'
import type { Peer } from '../verto/media.ts'
import { Phone, type Command, type PhoneState } from '../verto/phone.ts'
import type { Levels } from '../verto/quality.ts'
import type { Socket } from '../verto/rpc.ts'
import { Tabs, browserChannel, browserLocks } from '../verto/tabs.ts'
import { notify, toneFor } from './bell.ts'
import { openMicrophone, refresh, route, unplugged, used } from './devices.ts'
import { locked, play, probe, unlock } from './tones.ts'

export interface Shared extends PhoneState {
  /** The browser keeps the tab with the sound silent. */
  locked: boolean
}

const newId = (): string => {
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const keyOf = (what: string, channel: string): string => `pbx-${what}-${channel}`

/** Whether the phone of a channel was online in this browser, and nobody took it offline. */
export const wasOnline = (channel: string): boolean => Boolean(store.get(keyOf('online', channel)))

export class Hub {
  readonly state = signal<Shared>({ link: 'off', calls: [], locked: false })
  /** Whether the sound is in this tab. */
  readonly here = signal(false)
  private phone: Phone | null = null
  private readonly sounds = new Map<string, HTMLAudioElement>()
  private readonly tabs: Tabs<Shared, Command>
  private readonly ends: (() => void)[] = []

  constructor(private readonly channel: string) {
    const name = `pbx-phone-${channel}`
    this.tabs = new Tabs<Shared, Command>(name, browserLocks(), browserChannel(name), {
      lead: () => this.lead(),
      state: () => this.state.peek(),
      command: (command) => this.obey(command),
      told: (state) => {
        this.state.value = state
      },
    })
    const nudge = () => this.phone?.session.nudge()
    // In a tab that nobody looks at too: a call may go on in it, and its timers are slow.
    this.on(window, 'online', nudge)
    this.on(window, 'offline', nudge)
    // One network may take the other's place with no moment in between; not every browser tells.
    const { connection } = navigator as { connection?: EventTarget }
    if (connection) this.on(connection, 'change', nudge)
    this.on(document, 'visibilitychange', () => document.visibilityState === 'visible' && nudge())
  }

  /** Does it here, or has the tab with the phone do it. To be called from a click or a key: it unlocks the sound. */
  send(command: Command): void {
    if (this.here.peek()) void unlock()
    if (command.do === 'start' && 'Notification' in window && Notification.permission === 'default') {
      void Notification.requestPermission().catch(() => {})
    }
    this.tabs.send(command)
  }

  /** How loud it is in a call; null also in a tab that has not the sound. */
  levels(call: string): Promise<Levels | null> {
    return this.phone?.levels(call) ?? Promise.resolve(null)
  }

  close(): void {
    this.ends.forEach((end) => end())
    play(null)
    this.phone?.session.stop()
    this.phone = null
    this.tabs.close()
  }

  private lead(): void {
    const kept = store.get(this.key('session'))
    const newSession = () => {
      const fresh = newId()
      store.set(this.key('session'), fresh)
      return fresh
    }
    const session = kept && UUID.test(kept) ? kept : newSession()
    this.here.value = true
    this.phone = new Phone(
      session,
      {
        clock: realClock,
        newId,
        socket: (path) => {
          const url = new URL(path, location.href)
          url.protocol = url.protocol.replace('http', 'ws')
          return new WebSocket(url) as unknown as Socket
        },
        issue: (id) => api.issue(this.channel, id),
        release: (client) => api.release(this.channel, client),
        newSession,
        peer: (config) => new RTCPeerConnection(config) as unknown as Peer,
        microphone: { open: openMicrophone },
        memory: {
          load: () => store.json(this.key('calls')),
          save: (calls) => store.set(this.key('calls'), calls.length ? JSON.stringify(calls) : null),
        },
      },
      {
        changed: () => this.changed(),
        sound: (call, stream) => this.sound(call, stream),
        microphoneEnded: () => {
          unplugged.value = true
          void refresh().then(() => this.phone?.changeMicrophone())
        },
      },
    )
    probe()
    this.ends.push(
      effect(() => {
        const { speaker } = used.value
        for (const element of this.sounds.values()) void route(element, speaker)
      }),
      effect(() => {
        void locked.value
        this.changed()
      }),
    )
    let microphone = used.peek().microphone
    this.ends.push(
      effect(() => {
        const now = used.value.microphone
        if (now === microphone) return
        microphone = now
        void this.phone?.changeMicrophone().catch(() => {})
      }),
    )
    // Who was online before the page was loaded anew is again; and calls come back.
    if (wasOnline(this.channel)) void this.phone.obey({ do: 'start' })
  }

  private obey(command: Command): void {
    if (command.do === 'start') store.set(this.key('online'), '1')
    if (command.do === 'stop') store.set(this.key('online'), null)
    void this.phone?.obey(command)
  }

  private changed(): void {
    if (!this.phone) return
    const before = this.state.peek()
    const state: Shared = { ...this.phone.state, locked: locked.peek() }
    this.state.value = state
    this.tabs.tell(state)
    play(toneFor(state.calls))
    const known = new Set(before.calls.map((call) => call.id))
    const fresh = state.calls.find((call) => call.state === 'ringing' && !known.has(call.id))
    if (fresh) notify(fresh)
  }

  private sound(call: string, stream: MediaStream | null): void {
    const known = this.sounds.get(call)
    if (!stream) {
      if (known) known.srcObject = null
      this.sounds.delete(call)
      return
    }
    const element = known ?? new Audio()
    this.sounds.set(call, element)
    element.autoplay = true
    element.srcObject = stream
    void route(element, used.peek().speaker)
    void element.play().catch(() => {
      locked.value = true
    })
  }

  private key(what: string): string {
    return keyOf(what, this.channel)
  }

  private on(target: EventTarget, event: string, work: () => void): void {
    target.addEventListener(event, work)
    this.ends.push(() => target.removeEventListener(event, work))
  }
}
