import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { FakePeer, World, settle } from './fakes.ts'
import { agreeing, callOf, only, talking } from './talking.ts'

beforeEach(() => {
  FakePeer.gathers = true
})

test('a second call holds the first; answering a third holds the second; one is spoken on', async () => {
  const world = new World()
  const phone = await world.online()
  const first = await talking(world, phone)
  void phone.obey({ do: 'dial', number: '1003' })
  await agreeing(world, Promise.resolve())
  const second = callOf(phone, 1).id
  assert.equal(callOf(phone, 0).state, 'held')
  world.socket.answer('verto.invite')
  world.socket.asks('verto.answer', { callID: second, sdp: 'theirs' })
  await settle()
  world.socket.asks('verto.invite', { callID: 'incoming-3', sdp: 'offer' })
  const answering = phone.obey({ do: 'answer', call: 'incoming-3' })
  await agreeing(world, Promise.resolve())
  world.socket.answer('verto.answer')
  await answering
  assert.deepEqual(phone.state.calls.map((call) => call.state), ['held', 'held', 'active'])
  const resuming = phone.obey({ do: 'resume', call: first })
  await agreeing(world, Promise.resolve())
  await agreeing(world, resuming)
  assert.deepEqual(phone.state.calls.map((call) => call.state), ['active', 'held', 'held'])
})

test('if the first call will not be held, the second is not made', async () => {
  const world = new World()
  const phone = await world.online()
  await talking(world, phone)
  const work = phone.obey({ do: 'dial', number: '1003' })
  await settle()
  world.socket.refuse('verto.modify', { message: 'no' })
  await work
  assert.equal(callOf(phone, 0).state, 'active')
  assert.equal(callOf(phone, 1).state, 'over')
  assert.equal(callOf(phone, 1).cause, 'OTHER_NOT_HELD')
  assert.equal(callOf(phone, 0).undone, 'hold')
  assert.equal(world.socket.asked('verto.invite').length, 1)
})

test('blind transfer, and one that the switch refuses leaves the call', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  void phone.obey({ do: 'transfer', call, number: '1003' })
  await settle()
  const { action, destination } = world.socket.params('verto.modify')
  assert.deepEqual({ action, destination }, { action: 'transfer', destination: '1003' })
  world.socket.refuse('verto.modify', { message: 'call is not bridged' })
  await settle()
  assert.equal(only(phone).state, 'active')
  assert.equal(only(phone).busy, false)
  assert.equal(only(phone).undone, 'transfer', 'the card says so')
  // Until something else is tried.
  void phone.obey({ do: 'transfer', call, number: '1004' })
  await settle()
  assert.equal(only(phone).undone, '')
  world.socket.answer('verto.modify', { action: 'transfer' })
  await settle()
  assert.equal(only(phone).undone, '')
})

test('a hold and an attended transfer that are refused are told of at their call', async () => {
  const world = new World()
  const phone = await world.online()
  const first = await talking(world, phone)
  void phone.obey({ do: 'hold', call: first, on: true })
  await settle()
  world.socket.refuse('verto.modify', { message: 'no' })
  await settle()
  assert.equal(callOf(phone, 0).undone, 'hold')
  const dialling = phone.obey({ do: 'dial', number: '1003' })
  await agreeing(world, Promise.resolve())
  assert.equal(callOf(phone, 0).undone, '')
  const second = callOf(phone, 1).id
  world.socket.answer('verto.invite')
  world.socket.asks('verto.answer', { callID: second, sdp: 'theirs' })
  await dialling
  await settle()
  void phone.obey({ do: 'connect', call: first, other: second })
  await settle()
  world.socket.refuse('verto.modify', { message: 'call is not bridged' })
  await settle()
  assert.deepEqual(phone.state.calls.map((call) => [call.state, call.undone]), [['held', 'transfer'], ['active', '']])
})

test('attended transfer names both calls; the switch ends ours', async () => {
  const world = new World()
  const phone = await world.online()
  const first = await talking(world, phone)
  const dialling = phone.obey({ do: 'dial', number: '1003' })
  await agreeing(world, Promise.resolve())
  const second = callOf(phone, 1).id
  world.socket.answer('verto.invite')
  world.socket.asks('verto.answer', { callID: second, sdp: 'theirs' })
  await dialling
  await settle()
  void phone.obey({ do: 'connect', call: first, other: 'unknown' })
  void phone.obey({ do: 'connect', call: first, other: first })
  const before = world.socket.asked('verto.modify').length
  void phone.obey({ do: 'connect', call: first, other: second })
  await settle()
  assert.equal(world.socket.asked('verto.modify').length, before + 1)
  const params = world.socket.params('verto.modify') as Record<string, unknown>
  assert.equal(params.action, 'replace')
  assert.equal(params.replaceCallID, second)
  assert.deepEqual(params.dialogParams, { callID: first })
  world.socket.answer('verto.modify', { action: 'replace' })
  world.socket.asks('verto.bye', { callID: first, cause: 'ATTENDED_TRANSFER' })
  world.socket.asks('verto.bye', { callID: second, cause: 'ATTENDED_TRANSFER' })
  await settle()
  assert.deepEqual(phone.state.calls.map((call) => call.state), ['over', 'over'])
})

test('who is at the other end changes with a transfer', async () => {
  const world = new World()
  const phone = await world.online()
  const callID = await talking(world, phone)
  world.socket.asks('verto.display', { callID, display_name: 'Carol', display_number: '1003' })
  assert.equal(only(phone).name, 'Carol')
  assert.equal(only(phone).number, '1003')
  world.socket.asks('verto.display', { callID })
  assert.equal(only(phone).name, 'Carol')
})
