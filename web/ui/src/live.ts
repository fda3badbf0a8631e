/** What changes, as it changes: one stream of events for all tabs of this browser. */
import { signal } from '@preact/signals'
import { load, type Presence } from './api.ts'
import { isObject } from './verto/rpc.ts'
import { Tabs, browserChannel, browserLocks } from './verto/tabs.ts'

export interface Change {
  domain: string
  number: string
  state: Presence
}

/** `reset`: anything may have changed; ask again. */
export type News = { reset: true } | { changes: Change[] }

export const live = signal(true)

type Listener = (news: News) => void
const listeners = new Set<Listener>()

/** Hears of changes until the answer is called. */
export const listen = (listener: Listener): (() => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

const STATES = ['online', 'ringing', 'busy', 'offline']

/** Reads one event's data; what is wrong in it is left out. */
export const readChanges = (data: unknown): Change[] => {
  let value: unknown
  try {
    value = typeof data === 'string' ? JSON.parse(data) : null
  } catch {
    return []
  }
  const rows = (one: unknown): Change[] => {
    if (!isObject(one) || typeof one.domain !== 'string' || !Array.isArray(one.rows)) return []
    const { domain } = one
    return one.rows.flatMap((row: unknown) =>
      isObject(row) && typeof row.number === 'string' && STATES.includes(row.state as string)
        ? [{ domain, number: row.number, state: row.state as Presence }]
        : [],
    )
  }
  return Array.isArray(value) ? value.flatMap(rows) : []
}

interface Shared {
  live: boolean
  news?: News
}

/** Opens the stream, in one tab of those that this person has open. Answers how to end it. */
export const startLive = (user: string): (() => void) => {
  const name = `pbx-events-${user}`
  let source: EventSource | null = null
  let again: ReturnType<typeof setTimeout> | undefined
  let over = false

  const tell = (news: News) => {
    listeners.forEach((listener) => listener(news))
    tabs.tell({ live: live.value, news })
  }
  const open = () => {
    if (over) return
    source = new EventSource('/api/events')
    source.onopen = () => {
      // What happened in between was not heard: the first event is a reset.
      live.value = true
      tabs.tell({ live: true })
    }
    source.onerror = () => {
      if (live.value) {
        live.value = false
        tabs.tell({ live: false })
      }
      // The browser tries again by itself unless the server refused.
      if (source?.readyState === EventSource.CLOSED) {
        // Perhaps nobody is signed in any more; then this ends.
        load().catch(() => {})
        clearTimeout(again)
        again = setTimeout(open, 4_000 + 4_000 * Math.random())
      }
    }
    source.addEventListener('presence', (event) => {
      const changes = readChanges(event.data)
      if (changes.length) tell({ changes })
    })
    source.addEventListener('reset', () => tell({ reset: true }))
  }

  const tabs: Tabs<Shared, never> = new Tabs(
    name,
    browserLocks(),
    browserChannel(name),
    {
      lead: open,
      state: () => ({ live: live.value, news: { reset: true } }),
      command: () => {},
      told: (shared) => {
        live.value = shared.live
        if (shared.news) listeners.forEach((listener) => listener(shared.news!))
      },
    },
  )
  return () => {
    over = true
    clearTimeout(again)
    source?.close()
    tabs.close()
  }
}
