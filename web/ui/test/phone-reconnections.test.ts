import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { FakePeer, World, settle } from './fakes.ts'
import { agreeing, only, talking } from './talking.ts'

beforeEach(() => {
  FakePeer.gathers = true
})

test('the connection comes back: the old peer connection is closed first, the call goes on', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  const old = world.peer
  const { answeredAt } = only(phone)
  world.socket.drop()
  assert.equal(only(phone).state, 'recovering')
  assert.ok(old.closed)
  await world.clock.pass(500)
  await world.letIn([call], [{ callID: call, sdp: 'again', display_name: 'Bob', display_number: '1002' }])
  assert.notEqual(world.peer, old)
  assert.equal(world.peers.length, 2)
  assert.deepEqual(world.peer.remote, [{ type: 'offer', sdp: 'again' }])
  assert.deepEqual(world.socket.params('verto.attach').dialogParams, { callID: call })
  world.socket.answer('verto.attach')
  await settle()
  assert.equal(only(phone).state, 'active')
  assert.equal(only(phone).name, 'Bob')
  assert.equal(only(phone).answeredAt, answeredAt)
})

test('an attach while the old connection seems alive closes its peer connection first too', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  const old = world.peer
  world.socket.asks('verto.attach', { callID: call, sdp: 'again' })
  await settle()
  assert.ok(old.closed)
  world.socket.answer('verto.attach')
  await settle()
  assert.equal(only(phone).state, 'active')
})

test('a call that is not among those that came back is over, one that only rang too', async () => {
  const world = new World()
  const phone = await world.online()
  await talking(world, phone)
  world.socket.asks('verto.invite', { callID: 'incoming-1', sdp: 'offer' })
  world.socket.drop()
  assert.deepEqual(phone.state.calls.map((call) => call.state), ['recovering', 'over'])
  await world.clock.pass(500)
  await world.letIn([])
  assert.deepEqual(phone.state.calls.map((call) => call.state), ['over', 'over'])
  assert.equal(world.socket.asked('verto.bye').length, 0, 'the switch knows')
})

test('a reloaded page knows its calls again: who, since when, muted, held', async () => {
  const world = new World()
  const before = await world.online()
  const call = await talking(world, before)
  await before.obey({ do: 'mute', call, on: true })
  const hold = before.obey({ do: 'hold', call, on: true })
  await agreeing(world, hold)
  const { answeredAt } = only(before)
  world.clock.time += 2_000
  const phone = world.phone()
  await phone.obey({ do: 'start' })
  await world.letIn([call], [{ callID: call, sdp: 'again' }])
  world.socket.answer('verto.attach')
  await settle()
  const { state, number, muted, direction } = only(phone)
  assert.deepEqual({ state, number, muted, direction }, { state: 'held', number: '1002', muted: true, direction: 'out' })
  assert.equal(only(phone).answeredAt, answeredAt)
  assert.equal(world.microphone.streams.at(-1)!.tracks[0]!.enabled, false)
})

test('what was stored by nobody knows whom is not believed', async () => {
  for (const stored of ['text', 7, {}, [null, 7, { id: 5, muted: 'yes', answeredAt: 'never' }]]) {
    const world = new World()
    world.stored = stored
    const phone = await world.online()
    await talking(world, phone)
  }
})

test('an attach that fails ends the call; one cut short waits for the next connection', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  world.socket.drop()
  await world.clock.pass(500)
  await world.letIn([call], [{ callID: call, sdp: 'again' }])
  world.socket.drop()
  await settle()
  assert.equal(only(phone).state, 'recovering')
  await world.clock.pass(2_000)
  await world.letIn([call], [{ callID: call, sdp: 'again' }])
  world.socket.refuse('verto.attach', { code: -32002, message: 'MEDIA ERROR', cause: 'INCOMPATIBLE_DESTINATION' })
  await settle()
  assert.equal(only(phone).state, 'over')
})

test('punted in a call: it is the other browser’s now, and the switch is told nothing', async () => {
  const world = new World()
  const phone = await world.online()
  await talking(world, phone)
  const { socket } = world
  socket.asks('verto.punt')
  await settle()
  assert.equal(phone.state.link, 'punted')
  assert.equal(only(phone).state, 'over')
  assert.ok(world.peer.closed)
  assert.equal(socket.asked('verto.bye').length, 0)
})

test('the path fails while the connection holds: new candidates, waited for by their event', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  FakePeer.gathers = false
  world.peer.becomes('disconnected')
  await world.clock.pass(2_900)
  assert.equal(world.peer.restarts, 0)
  world.peer.becomes('failed')
  await settle()
  assert.equal(world.peer.restarts, 1)
  // Still "complete" from before, and without a candidate of the new network.
  assert.equal(world.peer.iceGatheringState, 'complete')
  await world.clock.pass(900)
  assert.equal(world.socket.asked('verto.modify').length, 0)
  world.peer.gathered()
  await settle()
  const params = world.socket.params('verto.modify')
  assert.equal(params.action, 'updateMedia')
  assert.match(String(params.sdp), /offer 1 a=candidate/)
  world.socket.answer('verto.modify', { callID: call, action: 'updateMedia', sdp: 'theirs again', holdState: 'active' })
  await settle()
  assert.deepEqual(world.peer.remote.at(-1), { type: 'answer', sdp: 'theirs again' })
  await world.clock.pass(10_000)
  assert.equal(world.peer.restarts, 1)
})

test('a disturbance that mends itself is left alone', async () => {
  const world = new World()
  const phone = await world.online()
  await talking(world, phone)
  world.peer.becomes('disconnected')
  await world.clock.pass(1_000)
  world.peer.becomes('connected')
  await world.clock.pass(5_000)
  assert.equal(world.peer.restarts, 0)
})
