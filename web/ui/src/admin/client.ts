/** `/api/v1`, as the pages of administration use it. */
import { ask } from '../api.ts'
import { unlessBroken } from './force.tsx'
import type { Noun, Row, Value } from './noun.ts'

const BASE = '/api/v1'

export interface Part {
  total: number
  page: number
  size: number
  rows: Row[]
  /** Where it goes on, if not all were looked through. */
  next?: string | null
}

/** A thing after a change, and what is shown only now. */
export interface Changed {
  row: Row
  once: Record<string, unknown> | null
}

export type Body = Record<string, Value>

const get = async <T>(path: string): Promise<T> => (await ask('GET', path)).data as unknown as T

/** Anything else under the API's path. */
export const fetchAt = <T>(path: string): Promise<T> => get<T>(`${BASE}/${path}`)

export const postAt = async <T>(path: string, body: unknown = {}): Promise<T> =>
  (await ask('POST', `${BASE}/${path}`, body, once())).data as unknown as T

export const list = (path: string, query: Record<string, string | number>): Promise<Part> => {
  const all = Object.entries(query).filter(([, value]) => value !== '')
  return get(`${BASE}/${path}?${new URLSearchParams(all.map(([name, value]) => [name, String(value)]))}`)
}

export const show = (path: string, id: string): Promise<Row> => get(`${BASE}/${path}/${encodeURIComponent(id)}`)

/** A retry of a request that was carried out does nothing more. */
const once = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return { 'Idempotency-Key': [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('') }
}
const based = (row: Row): Record<string, string> => (row.row_rev === undefined ? {} : { 'If-Match': `"${row.row_rev}"` })

const changed = (data: Record<string, unknown>): Changed => {
  const { shown_once: shown, ...row } = data
  const secrets = shown && typeof shown === 'object' ? (shown as Record<string, unknown>) : null
  return { row: row as Row, once: secrets }
}

const forced = (path: string, force: boolean): string => (force ? `${path}${path.includes('?') ? '&' : '?'}force=true` : path)

export const create = (noun: Noun, body: Body): Promise<Changed> =>
  unlessBroken(async (force) => changed((await ask('POST', forced(`${BASE}/${noun.path}`, force), body, once())).data))

export const edit = (noun: Noun, row: Row, body: Body): Promise<Changed> =>
  unlessBroken(async (force) => changed((await ask('PATCH', forced(at(noun, row), force), body, based(row))).data))

export const remove = (noun: Noun, row: Row, everything: boolean): Promise<unknown> =>
  unlessBroken((force) => ask('DELETE', forced(`${at(noun, row)}${everything ? '?with_everything=true' : ''}`, force), undefined, based(row)))

export const act = (noun: Noun, row: Row, action: string, body: unknown = {}): Promise<Record<string, unknown>> =>
  unlessBroken(async (force) => (await ask('POST', forced(`${at(noun, row)}/${action}`, force), body, once())).data)

const at = (noun: Noun, row: Row): string => `${BASE}/${noun.path}/${encodeURIComponent(String(row.id))}`
