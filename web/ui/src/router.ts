/** Addresses without page loads: a load would end the call. */
import { signal } from '@preact/signals'

/** Pages without anything in their address, by it. */
const PLAIN = {
  '/': 'home',
  '/calls': 'calls',
  '/forwards': 'forwards',
  '/lines': 'lines',
  '/voicemail': 'voicemail',
  '/password': 'password',
} as const

export type Route =
  | { page: (typeof PLAIN)[keyof typeof PLAIN] }
  | { page: 'extension'; channel: string }
  /** `rest`: what comes after `/admin/`, decoded. */
  | { page: 'admin'; rest: readonly string[] }
  | { page: 'missing' }

const CHANNEL = /^\/extensions\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** The parts of an address below `/admin`; null: it is another, or none at all. */
const below = (path: string): string[] | null => {
  if (path !== '/admin' && !path.startsWith('/admin/')) return null
  try {
    return path.split('/').slice(2).map(decodeURIComponent)
  } catch {
    return null
  }
}

/** Which page an address names. */
export const parse = (path: string): Route => {
  const channel = CHANNEL.exec(path)?.[1]
  if (channel) return { page: 'extension', channel }
  const rest = below(path)
  if (rest) return { page: 'admin', rest }
  if (Object.hasOwn(PLAIN, path)) return { page: PLAIN[path as keyof typeof PLAIN] }
  return { page: 'missing' }
}

export const route = signal<Route>({ page: 'home' })

export const go = (path: string, replace = false): void => {
  if (path !== location.pathname) history[replace ? 'replaceState' : 'pushState'](null, '', path)
  route.value = parse(path)
}

/** Takes over the links of the page, and the browser's buttons. */
export const startRouter = (): void => {
  route.value = parse(location.pathname)
  addEventListener('popstate', () => {
    route.value = parse(location.pathname)
  })
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const plain = !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey
    if (!link || !plain || link.origin !== location.origin || link.target || link.hasAttribute('download')) return
    event.preventDefault()
    go(link.pathname)
  })
}
