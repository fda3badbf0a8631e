import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { FakePeer, World, settle } from './fakes.ts'
import { only, talking } from './talking.ts'

beforeEach(() => {
  FakePeer.gathers = true
})

test('what fits no call or no state is not obeyed', async () => {
  const world = new World()
  const phone = await world.online()
  const methods = ['verto.media', 'verto.answer', 'verto.display', 'verto.bye', 'verto.attach', 'verto.invite']
  for (const method of [...methods, 'verto.event', 'verto.mediaParams', 'constructor', '__proto__']) {
    for (const callID of ['', 'unknown-call', 7, null, {}, 'x y; z', '__proto__']) {
      if (callID === 'unknown-call' && (method === 'verto.attach' || method === 'verto.invite')) continue
      if (callID === '__proto__' && (method === 'verto.attach' || method === 'verto.invite')) continue
      world.socket.asks(method, { callID, sdp: 'x' })
    }
  }
  await settle()
  assert.deepEqual(phone.state.calls, [])
  // An answer to a call that rings here, media after the end, an invite with a known id.
  world.socket.asks('verto.invite', { callID: 'incoming-1', sdp: 'offer', caller_id_name: 'Carol' })
  world.socket.asks('verto.answer', { callID: 'incoming-1', sdp: 'x' })
  world.socket.asks('verto.invite', { callID: 'incoming-1', sdp: 'other', caller_id_name: 'Mallory' })
  await settle()
  assert.equal(only(phone).state, 'ringing')
  assert.equal(only(phone).name, 'Carol')
  world.socket.asks('verto.bye', { callID: 'incoming-1', cause: 'ORIGINATOR_CANCEL' })
  world.socket.asks('verto.answer', { callID: 'incoming-1', sdp: 'x' })
  world.socket.asks('verto.bye', { callID: 'incoming-1', cause: 'OTHER' })
  await settle()
  assert.equal(only(phone).cause, 'ORIGINATOR_CANCEL')
  // Commands for what is over, or never was.
  for (const call of ['incoming-1', 'nobody']) {
    await phone.obey({ do: 'answer', call })
    await phone.obey({ do: 'hold', call, on: true })
    await phone.obey({ do: 'hangUp', call })
    await phone.obey({ do: 'transfer', call, number: '1002' })
  }
  assert.deepEqual(world.socket.asked('verto.modify'), [])
  assert.deepEqual(world.socket.asked('verto.bye'), [])
})

test('a flood of calls rings a few times, and is busy then', async () => {
  const world = new World()
  const phone = await world.online()
  for (let n = 0; n < 50; n++) world.socket.asks('verto.invite', { callID: `incoming-${n}`, sdp: 'offer' })
  await settle()
  assert.equal(phone.state.calls.length, 6)
  assert.equal(world.socket.asked('verto.bye').length, 44)
})

test('an invite without sdp is refused', async () => {
  const world = new World()
  const phone = await world.online()
  world.socket.asks('verto.invite', { callID: 'incoming-1' })
  await settle()
  assert.deepEqual(phone.state.calls, [])
  assert.equal(world.socket.asked('verto.bye').length, 1)
})

test('what is no number is not dialled, nor is anything while offline or while dialling', async () => {
  const world = new World()
  const phone = world.phone()
  await phone.obey({ do: 'dial', number: '1002' })
  assert.deepEqual(phone.state.calls, [])
  await phone.obey({ do: 'start' })
  await world.letIn()
  for (const number of ['', ' ', '${x}', '1,2', '1'.repeat(33), '10\n02;', 'bob', '0800 FLOWERS', 'bob@pbx.test']) await phone.obey({ do: 'dial', number })
  assert.deepEqual(phone.state.calls, [])
  void phone.obey({ do: 'dial', number: '1002' })
  await settle()
  await phone.obey({ do: 'dial', number: '1003' })
  assert.equal(only(phone).number, '1002')
})

test('a number is dialled and transferred to as the proxy takes it, however it was written', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone, '+49 (0) 30 / 12-34')
  const { destination_number: dialled } = world.socket.params('verto.invite').dialogParams as Record<string, unknown>
  assert.equal(dialled, '+49301234')
  await phone.obey({ do: 'transfer', call, number: 'bob' })
  assert.deepEqual(world.socket.asked('verto.modify'), [])
  void phone.obey({ do: 'transfer', call, number: '10-03' })
  await settle()
  assert.equal(world.socket.params('verto.modify').destination, '1003')
})

test('a call that is refused says so, and whether it was for the sound', async () => {
  for (const [error, cause] of [
    [{ code: -32602, message: 'A field is missing or not allowed' }, 'REFUSED'],
    [{ code: -32002, message: 'CODEC ERROR' }, 'MEDIA_FAILED'],
    [{ code: -32002, message: 'CALL ERROR', cause: 'USER_BUSY' }, 'USER_BUSY'],
  ] as const) {
    const world = new World()
    const phone = await world.online()
    void phone.obey({ do: 'dial', number: '1002' })
    await settle()
    world.socket.refuse('verto.invite', error)
    await settle()
    assert.equal(only(phone).state, 'over')
    assert.equal(only(phone).cause, cause)
  }
})

test('going offline ends the calls at the switch', async () => {
  const world = new World()
  const phone = await world.online()
  await talking(world, phone)
  const { socket } = world
  await phone.obey({ do: 'stop' })
  assert.equal(socket.asked('verto.bye').length, 1)
  assert.equal(phone.state.link, 'off')
  await world.clock.pass(60_000)
  assert.equal(world.sockets.length, 1)
})
