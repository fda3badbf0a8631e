/** What a signed-in person does with what is theirs: `/api/me/…`. */
import { ask } from './api.ts'

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
