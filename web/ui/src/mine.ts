/** What a signed-in person does with what is theirs: `/api/me/…`. */
import { ask, type Presence } from './api.ts'

export const WHEN = ['always', 'busy', 'no-answer', 'offline'] as const
export type When = (typeof WHEN)[number]

export interface ForwardsOf {
  channel: string
  number: string
  name: string
  domain: string
  ring_seconds: number
  forwards: { dnd: boolean } & Record<When, string | null>
}

export interface AllForwards {
  extensions: ForwardsOf[]
  /** What the same is dialled by; empty: nothing. */
  codes: Record<When | 'dnd', string>
}

/** Only what is named changes; null is off. */
export type ForwardsEdit = Partial<Record<When, string | null>> & { dnd?: boolean; ring_seconds?: number }

export const forwards = async (): Promise<AllForwards> =>
  (await ask('GET', '/api/me/forwards')).data as unknown as AllForwards

export const changeForwards = async (channel: string, edit: ForwardsEdit): Promise<ForwardsOf> =>
  (await ask('PATCH', `/api/me/forwards/${channel}`, edit)).data as unknown as ForwardsOf

export interface Registration {
  /** Host and port. */
  address: string | null
  agent: string
  since: string | null
  expires: string | null
  /** Why calls do not go there; null: they do. */
  not_called_because: string | null
}

export interface Line {
  id: string
  username: string
  domain: string
  number: string
  enabled: boolean
  max_registrations: number
  source_acl: string | null
  srtp: 'optional' | 'required'
  state: Presence
  registrations: Registration[]
}

/** What is typed into a phone. */
export interface PhoneData {
  username: string
  domain: string
  server: string | null
  external_server: string | null
  port: number
  tls_port: number | null
}

export interface LinesOf {
  channel: string
  number: string
  name: string
  domain: string
  phone: PhoneData
}

export interface AllLines {
  extensions: LinesOf[]
  lines: Line[]
  /** How many an extension may have. */
  most: number
}

/** A code for a phone to scan. */
export interface Code {
  app: 'linphone' | 'grandstream-wave'
  /** In the switch's own network, or anywhere else. */
  place: 'inside' | 'outside'
  size: number
  path: string
}

export interface NewLine {
  line: Line
  phone: PhoneData & { password: string }
  generated: boolean
  codes: Code[]
  /** Seconds until Linphone’s code is worth nothing. */
  codes_end_in: number
}

export const lines = async (): Promise<AllLines> => (await ask('GET', '/api/me/lines')).data as unknown as AllLines

/** What is left out is made up. */
export const addLine = async (wanted: { channel: string; username?: string; password?: string }): Promise<NewLine> =>
  (await ask('POST', '/api/me/lines', wanted)).data as unknown as NewLine

export const revokeLine = async (id: string): Promise<void> => {
  await ask('DELETE', `/api/me/lines/${id}`)
}

export interface MailboxOf {
  channel: string
  number: string
  name: string
  domain: string
  has_pin: boolean
}

export interface AllMailboxes {
  mailboxes: MailboxOf[]
  /** What is dialled for one’s own; empty: nothing. */
  code: string
}

export interface Message {
  id: string
  /** Who called. */
  name: string
  number: string
  left: string
  seconds: number
  new: boolean
  urgent: boolean
}

export interface Messages {
  total: number
  new: number
  page: number
  size: number
  messages: Message[]
}

export const mailboxes = async (): Promise<AllMailboxes> =>
  (await ask('GET', '/api/me/mailboxes')).data as unknown as AllMailboxes

export const messages = async (channel: string, page: number): Promise<Messages> =>
  (await ask('GET', `/api/me/mailboxes/${channel}/messages?page=${page}`)).data as unknown as Messages

export const soundOf = (channel: string, id: string): string => `/api/me/mailboxes/${channel}/messages/${id}/sound`

export const markMessage = async (channel: string, id: string, isNew: boolean): Promise<void> => {
  await ask('PATCH', `/api/me/mailboxes/${channel}/messages/${id}`, { new: isNew })
}

export const deleteMessage = async (channel: string, id: string): Promise<void> => {
  await ask('DELETE', `/api/me/mailboxes/${channel}/messages/${id}`)
}

export const changePin = async (channel: string, pin: string): Promise<void> => {
  await ask('PUT', `/api/me/mailboxes/${channel}/pin`, { pin })
}

export const OUTCOMES = ['open', 'answered', 'elsewhere', 'voicemail', 'no-answer', 'busy', 'cancelled', 'refused', 'failed', 'interrupted'] as const

/** A call as one of its sides saw it. */
export interface OwnCall {
  id: string
  channel: string
  extension: string
  domain: string
  /** To them, or from them. */
  direction: 'in' | 'out'
  number: string
  /** Empty: it is not known. */
  name: string
  began: string
  outcome: (typeof OUTCOMES)[number]
  seconds: number
}

export interface CallsPage {
  calls: OwnCall[]
  /** Behind which the next page begins. */
  next: string | null
}

export const calls = async (before?: string): Promise<CallsPage> =>
  (await ask('GET', `/api/me/calls${before ? `?before=${encodeURIComponent(before)}` : ''}`)).data as unknown as CallsPage

/** Whether somebody called and got nobody. */
export const isMissed = ({ direction, outcome }: Pick<OwnCall, 'direction' | 'outcome'>): boolean =>
  direction === 'in' && ['no-answer', 'cancelled', 'voicemail', 'busy'].includes(outcome)

/** The newest page, with what was seen of the older ones behind it. */
export const joined = (first: CallsPage, older: readonly OwnCall[], next: string | null): CallsPage => {
  const fresh = new Set(first.calls.map(({ id }) => id))
  const rest = older.filter(({ id }) => !fresh.has(id))
  return rest.length ? { calls: [...first.calls, ...rest], next } : first
}
