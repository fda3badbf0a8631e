/**
 * What a call can be, and what it deals with.
 *
 *   new → requesting → trying → early → active ⇄ held → over
 *   new → ringing → answering → active
 *   active, held → recovering → active, held     (the connection to the switch was lost)
 */
import type { MediaDeps } from './media.ts'
import type { Json } from './rpc.ts'

export type CallState =
  | 'new'
  | 'requesting'
  | 'trying'
  | 'early'
  | 'ringing'
  | 'answering'
  | 'active'
  | 'held'
  | 'recovering'
  | 'over'

export const ARROWS: Record<CallState, readonly CallState[]> = {
  new: ['requesting', 'ringing', 'recovering', 'over'],
  requesting: ['trying', 'early', 'active', 'over'],
  trying: ['early', 'active', 'over'],
  early: ['active', 'over'],
  ringing: ['answering', 'over'],
  answering: ['active', 'over'],
  active: ['held', 'recovering', 'over'],
  held: ['active', 'recovering', 'over'],
  recovering: ['active', 'held', 'over'],
  over: [],
}

/** Why it ended without the switch saying so; else the switch's cause, such as `USER_BUSY`. */
export type Fault =
  | 'NO_MICROPHONE'
  | 'MICROPHONE_REFUSED'
  | 'NO_NETWORK_PATH'
  | 'CONNECTION_LOST'
  | 'MEDIA_FAILED'
  | 'REFUSED'
  | 'OTHER_NOT_HELD'

/** What the switch did not do, of what was asked for last during a call; empty: it did, or was not asked. */
export type Undone = '' | 'hold' | 'transfer'

export interface Memory {
  id: string
  direction: 'out' | 'in'
  number: string
  name: string
  muted: boolean
  answeredAt: number
  held: boolean
}

export interface CallDeps extends MediaDeps {
  /** Asks the switch; rejects with `Refusal` or `Lost`. */
  ask(method: string, params: Json, patience?: number): Promise<Json>
  iceServers(): RTCIceServer[]
}

export interface CallEvents {
  changed(): void
  sound(stream: MediaStream): void
  microphoneEnded(): void
}
