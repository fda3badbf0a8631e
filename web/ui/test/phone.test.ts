import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Phone } from '../src/verto/phone.ts'
import { FakePeer, World, settle } from './fakes.ts'

beforeEach(() => {
  FakePeer.gathers = true
})

const only = (phone: Phone) => {
  const { calls } = phone.state
  assert.equal(calls.length, 1, JSON.stringify(calls))
  return calls[0]!
}

const callOf = (phone: Phone, at: number) => {
  const call = phone.state.calls[at]
  assert.ok(call)
  return call
}

/** An answered call from here. */
const talking = async (world: World, phone: Phone, number = '1002'): Promise<string> => {
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
const agreeing = async (world: World, work: Promise<void>): Promise<void> => {
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

test('a call out: the microphone first, one complete offer, ringing, answer', async () => {
  const world = new World()
  const phone = await world.online()
  FakePeer.gathers = false
  const work = phone.obey({ do: 'dial', number: '(10) 02' })
  await settle()
  assert.equal(world.microphone.streams.length, 1)
  assert.equal(world.peer.config.bundlePolicy, 'balanced')
  assert.equal(world.socket.asked('verto.invite').length, 0, 'nothing before the candidates')
  world.peer.gathered()
  await settle()
  const params = world.socket.params('verto.invite') as { sdp: string; dialogParams: Record<string, unknown> }
  assert.match(params.sdp, /a=candidate/)
  assert.deepEqual(params.dialogParams, { callID: only(phone).id, destination_number: '1002' })
  assert.equal(only(phone).state, 'requesting')
  world.socket.answer('verto.invite', { message: 'CALL CREATED' })
  await work
  assert.equal(only(phone).state, 'trying')
  world.socket.asks('verto.answer', { callID: only(phone).id, sdp: 'theirs' })
  await settle()
  assert.equal(only(phone).state, 'active')
  assert.equal(only(phone).answeredAt, world.clock.now())
  assert.deepEqual(world.peer.remote, [{ type: 'answer', sdp: 'theirs' }])
})

test('early media has the sdp, the answer after it none; a second sdp is not read', async () => {
  const world = new World()
  const phone = await world.online()
  void phone.obey({ do: 'dial', number: '1002' })
  await settle()
  const callID = only(phone).id
  // Before the answer to our question, as it happens.
  world.socket.asks('verto.media', { callID, sdp: 'early' })
  await settle()
  assert.equal(only(phone).state, 'early')
  world.socket.answer('verto.invite')
  await settle()
  assert.equal(only(phone).state, 'early')
  world.socket.asks('verto.answer', { callID, sdp: 'another' })
  await settle()
  assert.equal(only(phone).state, 'active')
  assert.deepEqual(world.peer.remote, [{ type: 'answer', sdp: 'early' }])
})

test('no route: the switch says bye, with the cause', async () => {
  const world = new World()
  const phone = await world.online()
  void phone.obey({ do: 'dial', number: '999' })
  await settle()
  world.socket.answer('verto.invite')
  world.socket.asks('verto.bye', { callID: only(phone).id, causeCode: 3, cause: 'NO_ROUTE_DESTINATION' })
  await settle()
  assert.equal(only(phone).state, 'over')
  assert.equal(only(phone).cause, 'NO_ROUTE_DESTINATION')
  assert.ok(world.peer.closed)
  assert.ok(world.microphone.streams[0]!.tracks[0]!.stopped, 'the microphone is let go')
  await world.clock.pass(6_000)
  assert.deepEqual(phone.state.calls, [])
})

test('an sdp that the browser refuses ends the call at the switch too', async () => {
  const world = new World()
  const phone = await world.online()
  void phone.obey({ do: 'dial', number: '1002' })
  await settle()
  world.peer.refuseRemote = true
  world.socket.answer('verto.invite')
  world.socket.asks('verto.answer', { callID: only(phone).id, sdp: 'bad' })
  await settle()
  assert.equal(only(phone).cause, 'MEDIA_FAILED')
  assert.equal((world.socket.params('verto.bye').dialogParams as { callID: string }).callID, only(phone).id)
})

test('without a microphone there is no call, and the switch hears nothing of it', async () => {
  const faults = [
    ['NotAllowedError', 'MICROPHONE_REFUSED'],
    ['NotFoundError', 'NO_MICROPHONE'],
  ] as const
  for (const [name, cause] of faults) {
    const world = new World()
    const phone = await world.online()
    world.microphone.fault = Object.assign(new Error(name), { name })
    await phone.obey({ do: 'dial', number: '1002' })
    assert.equal(only(phone).cause, cause)
    assert.equal(world.socket.asked('verto.invite').length, 0)
    assert.equal(world.socket.asked('verto.bye').length, 0)
  }
})

test('an offer without a candidate is never sent; one that is slow is sent after a second', async () => {
  const world = new World()
  const phone = await world.online()
  FakePeer.gathers = false
  void phone.obey({ do: 'dial', number: '1002' })
  await settle()
  world.peer.gathered(false)
  await settle()
  assert.equal(only(phone).cause, 'NO_NETWORK_PATH')
  assert.equal(world.socket.asked('verto.invite').length, 0)
  await world.clock.pass(6_000)
  void phone.obey({ do: 'dial', number: '1002' })
  await settle()
  world.peer.localDescription!.sdp += ' a=candidate:1'
  await world.clock.pass(990)
  assert.equal(world.socket.asked('verto.invite').length, 0)
  await world.clock.pass(10)
  assert.equal(world.socket.asked('verto.invite').length, 1)
})

test('a call in: ringing, answered with our sdp; its offer is set before', async () => {
  const world = new World()
  const phone = await world.online()
  const callID = 'incoming-1'
  world.socket.asks('verto.invite', { callID, sdp: 'offer', caller_id_number: '1003', caller_id_name: 'Carol' })
  const { state, number, name, direction } = only(phone)
  assert.deepEqual({ state, number, name, direction }, { state: 'ringing', number: '1003', name: 'Carol', direction: 'in' })
  assert.equal(world.microphone.streams.length, 0, 'a call that rings does not open the microphone')
  void phone.obey({ do: 'answer', call: callID })
  await settle()
  assert.equal(only(phone).state, 'answering')
  assert.deepEqual(world.peer.remote, [{ type: 'offer', sdp: 'offer' }])
  world.socket.answer('verto.answer')
  await settle()
  assert.equal(only(phone).state, 'active')
})

test('declined: busy here, and the caller goes on to voicemail', async () => {
  const world = new World()
  const phone = await world.online()
  world.socket.asks('verto.invite', { callID: 'incoming-1', sdp: 'offer' })
  await phone.obey({ do: 'hangUp', call: 'incoming-1' })
  assert.equal(world.socket.params('verto.bye').cause, 'USER_BUSY')
})

test('answered elsewhere while we answer: it ends, and what comes late changes nothing', async () => {
  const world = new World()
  const phone = await world.online()
  world.socket.asks('verto.invite', { callID: 'incoming-1', sdp: 'offer' })
  void phone.obey({ do: 'answer', call: 'incoming-1' })
  await settle()
  world.socket.asks('verto.bye', { callID: 'incoming-1', cause: 'LOSE_RACE' })
  world.socket.answer('verto.answer')
  await settle()
  assert.equal(only(phone).state, 'over')
  assert.equal(only(phone).cause, 'LOSE_RACE')
  assert.ok(world.peer.closed)
})

test('hold: what the switch says counts', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  void phone.obey({ do: 'hold', call, on: true })
  await settle()
  assert.equal(only(phone).busy, true)
  assert.equal(world.socket.params('verto.modify').action, 'hold')
  world.socket.answer('verto.modify', { callID: call, action: 'hold', holdState: 'active' })
  await settle()
  assert.equal(only(phone).state, 'active', 'asked for, and not done')
  void phone.obey({ do: 'hold', call, on: true })
  await settle()
  world.socket.answer('verto.modify', { callID: call, action: 'hold', holdState: 'held' })
  await settle()
  assert.equal(only(phone).state, 'held')
  void phone.obey({ do: 'hold', call, on: false })
  await settle()
  assert.equal(world.socket.params('verto.modify').action, 'unhold')
  world.socket.refuse('verto.modify', { message: 'no', holdState: 'active' })
  await settle()
  assert.equal(only(phone).state, 'active')
  assert.equal(only(phone).busy, false)
})

test('mute lasts through every new track and a reconnection', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  await phone.obey({ do: 'mute', call, on: true })
  const track = () => world.microphone.streams.at(-1)!.tracks[0]!
  assert.equal(track().enabled, false)
  await phone.changeMicrophone()
  assert.equal(world.microphone.streams.length, 2)
  assert.equal(track().enabled, false)
  assert.equal(world.peer.tracks[0], track())
  assert.ok(world.microphone.streams[0]!.tracks[0]!.stopped)
  world.socket.drop()
  await world.clock.pass(500)
  await world.letIn([call], [{ callID: call, sdp: 'again' }])
  world.socket.answer('verto.attach')
  await settle()
  assert.equal(only(phone).state, 'active')
  assert.equal(world.microphone.streams.length, 3)
  assert.equal(track().enabled, false)
  assert.equal(only(phone).muted, true)
  await phone.obey({ do: 'mute', call, on: false })
  assert.equal(track().enabled, true)
})

test('digits go to the switch; nothing else does', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  void phone.obey({ do: 'send', call, digits: '1*#' })
  await settle()
  assert.equal(world.socket.params('verto.info').dtmf, '1*#')
  world.socket.answer('verto.info')
  for (const digits of ['', '1@2000', '${x}', '1 2', '1'.repeat(33)]) void phone.obey({ do: 'send', call, digits })
  await settle()
  assert.equal(world.socket.asked('verto.info').length, 1)
  assert.equal(only(phone).digits, '1*#')
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
  for (const number of ['', ' ', '${x}', '1,2', 'a'.repeat(65), '10\n02;']) await phone.obey({ do: 'dial', number })
  assert.deepEqual(phone.state.calls, [])
  void phone.obey({ do: 'dial', number: '1002' })
  await settle()
  await phone.obey({ do: 'dial', number: '1003' })
  assert.equal(only(phone).number, '1002')
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

test('the quality is told from what arrives', async () => {
  const world = new World()
  const phone = await world.online()
  await talking(world, phone)
  const report = (packetsReceived: number, packetsLost: number) => {
    world.peer.stats = [['x', { type: 'inbound-rtp', kind: 'audio', packetsReceived, packetsLost, jitter: 0.001 }]]
  }
  report(150, 0)
  await world.clock.pass(3_000)
  assert.equal(only(phone).quality, null)
  report(300, 0)
  await world.clock.pass(3_000)
  assert.equal(only(phone).quality, 'good')
  report(400, 50)
  await world.clock.pass(3_000)
  assert.equal(only(phone).quality, 'poor')
  await world.clock.pass(3_000)
  assert.equal(only(phone).quality, 'silent')
})
