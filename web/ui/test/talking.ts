import assert from 'node:assert/strict'
import type { Phone } from '../src/verto/phone.ts'
import { type World, settle } from './fakes.ts'

export const only = (phone: Phone) => {
  const { calls } = phone.state
  assert.equal(calls.length, 1, JSON.stringify(calls))
  return calls[0]!
}

export const callOf = (phone: Phone, at: number) => {
  const call = phone.state.calls[at]
  assert.ok(call)
  return call
}

/** An answered call from here. */
export const talking = async (world: World, phone: Phone, number = '1002'): Promise<string> => {
  void phone.obey({ do: 'dial', number })
  await settle()
  const call = phone.state.calls.at(-1)!
  world.socket.answer('verto.invite', { callID: call.id })
  world.socket.asks('verto.answer', { callID: call.id, sdp: 'theirs' })
  await settle()
  assert.equal(phone.state.calls.at(-1)!.state, 'active')
  return call.id
}

/** Does what holds other calls: the switch says yes to each. */
export const agreeing = async (world: World, work: Promise<void>): Promise<void> => {
  await settle()
  const asked = world.socket.sent.filter((message) => message.method === 'verto.modify')
  for (const question of asked) {
    const { action } = question.params as { action: string }
    const holdState = action === 'hold' ? 'held' : 'active'
    world.socket.frame(JSON.stringify({ jsonrpc: '2.0', id: question.id, result: { action, holdState } }))
  }
  await work
  await settle()
}
