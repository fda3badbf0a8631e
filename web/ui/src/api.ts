/** The PBX's JSON API, as these pages use it. */
import { signal } from '@preact/signals'
import { t } from './i18n.ts'
import { sentence } from './refusals.ts'
import { NotIssued, readIssued, type Issued } from './verto/session.ts'

export type Presence = 'online' | 'ringing' | 'busy' | 'offline'
export const PRESENCES: readonly Presence[] = ['online', 'ringing', 'busy', 'offline']

export interface Channel {
  id: string
  number: string
  name: string
  domain: string
}

export interface Me {
  user: { id: string; name: string; display_name: string; domain: string | null; role: string } | null
  must_change_password: boolean
  csrf: string
  channels: Channel[]
  /** Numbers that do something. */
  codes?: { echo?: string }
}

export interface Row {
  id: string
  number: string
  name: string
  state: Presence
}

export interface Page {
  domain: string
  total: number
  page: number
  size: number
  rows: Row[]
}

/** An error as RFC 9457 has them. */
export class Problem extends Error {
  constructor(
    /** 0: there was no answer. */
    readonly status: number,
    readonly kind: string,
    message: string,
    /** Milliseconds after which it may go better. */
    readonly wait = 0,
    /** All that the answer said. */
    readonly data: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'Problem'
  }
}

/** undefined: not known yet. null: not signed in. */
export const me = signal<Me | null | undefined>(undefined)

export interface Answer {
  data: Record<string, unknown>
  /** When the server made it, by its own clock; 0: it did not say. */
  date: number
}

const once = async (method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Answer> => {
  const headers: Record<string, string> = { Accept: 'application/json', ...more }
  if (method !== 'GET' && me.peek()?.csrf) headers['X-CSRF-Token'] = me.peek()!.csrf
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  let response: Response
  let text: string
  try {
    response = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    text = await response.text()
  } catch {
    throw new Problem(0, 'unreachable', t('error.unreachable'))
  }
  let data: Record<string, unknown> = {}
  try {
    data = (text ? JSON.parse(text) : {}) as Record<string, unknown>
  } catch {
    // A proxy's page.
  }
  if (!response.ok) {
    const kind = typeof data.type === 'string' ? data.type.replace(/^urn:pbx:/, '') : ''
    const seconds = Number(response.headers.get('Retry-After'))
    const wait = Number.isFinite(seconds) ? seconds : 0
    const said = sentence(path, kind, data, wait) || t('error.unexpected', { status: response.status })
    throw new Problem(response.status, kind, said, wait * 1000, data)
  }
  return { data, date: Date.parse(response.headers.get('Date') ?? '') || 0 }
}

/** Asks once more with a new token if ours was old: another tab may have signed in anew. */
export const ask = async (method: string, path: string, body?: unknown, more?: Record<string, string>): Promise<Answer> => {
  try {
    return await once(method, path, body, more)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    // A wrong password is a 401 too.
    if (error.kind === 'not-signed-in') me.value = null
    if (error.kind !== 'csrf') throw error
    await load()
    return once(method, path, body, more)
  }
}

/** Takes who is signed in, and asks what is theirs. */
const take = async ({ data }: Answer): Promise<void> => {
  const found: Me = { ...(data as unknown as Omit<Me, 'channels'>), channels: [] }
  if (found.user && !found.must_change_password) {
    const { channels, codes } = (await once('GET', '/api/channels')).data
    if (Array.isArray(channels)) found.channels = channels as Channel[]
    if (codes) found.codes = codes as { echo?: string }
  }
  me.value = found
}

/** Finds out who is signed in. */
export const load = async (): Promise<void> => {
  try {
    await take(await once('GET', '/api/me'))
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error
    me.value = null
  }
}

export const signIn = async (name: string, password: string): Promise<void> => {
  await take(await ask('POST', '/api/sign-in', { name, password }))
}

export const signOut = async (): Promise<void> => {
  await ask('POST', '/api/sign-out')
  me.value = null
}

export const changePassword = async (current: string, chosen: string): Promise<void> => {
  await take(await ask('POST', '/api/password', { current, new: chosen }))
}

export const extensions = async (query: URLSearchParams): Promise<Page> =>
  (await ask('GET', `/api/extensions?${query}`)).data as unknown as Page

/** Credentials for the switch. */
export const issue = async (channel: string, sessionId: string): Promise<Issued> => {
  try {
    const { data, date } = await ask('POST', `/extensions/${channel}/sessions`, { sessionId })
    return readIssued(data, date ? Date.now() - date : 0)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.status === 401) throw new NotIssued('signed-out', error.message)
    if (error.status === 404) throw new NotIssued('no-channel', error.message)
    if (error.kind === 'too-many-clients') throw new NotIssued('too-many', error.message)
    if (error.kind === 'session-taken') throw new NotIssued('taken', error.message)
    throw new NotIssued('later', error.message, error.wait)
  }
}

/** Gives them back. Who does not hear of it ends them by itself, later. */
export const release = (channel: string, clientId: string): void => {
  ask('DELETE', `/extensions/${channel}/sessions/${clientId}`).catch(() => {})
}
