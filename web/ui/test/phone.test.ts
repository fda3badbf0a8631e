import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { FakePeer, World, settle } from './fakes.ts'
import { agreeing, only, talking } from './talking.ts'

beforeEach(() => {
  FakePeer.gathers = true
})

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

test('who holds is not heard, whatever happens meanwhile, until the call is taken back', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  const speaks = () => world.microphone.streams.at(-1)!.tracks[0]!.enabled
  assert.equal(speaks(), true)
  await agreeing(world, phone.obey({ do: 'hold', call, on: true }))
  assert.equal(only(phone).state, 'held')
  assert.equal(speaks(), false)
  await phone.obey({ do: 'mute', call, on: true })
  await phone.obey({ do: 'mute', call, on: false })
  assert.equal(speaks(), false, 'not muted, and yet held')
  await phone.changeMicrophone()
  assert.equal(speaks(), false)
  world.socket.drop()
  await world.clock.pass(500)
  await world.letIn([call], [{ callID: call, sdp: 'again' }])
  world.socket.answer('verto.attach')
  await settle()
  assert.equal(only(phone).state, 'held')
  assert.equal(speaks(), false)
  const taken = phone.obey({ do: 'hold', call, on: false })
  await settle()
  world.socket.answer('verto.modify', { action: 'unhold', holdState: 'active' })
  await taken
  assert.equal(only(phone).state, 'active')
  assert.equal(speaks(), true)
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
  assert.equal(only(phone).figures?.loss, null, 'of nothing')
})

test('how it sounds is told in numbers, of the time since the last look', async () => {
  const world = new World()
  const phone = await world.online()
  await talking(world, phone)
  const look = async (packetsReceived: number, packetsLost: number) => {
    world.peer.stats = [
      ['c1', { type: 'codec', mimeType: 'audio/PCMU', clockRate: 8_000 }],
      ['i', { type: 'inbound-rtp', kind: 'audio', packetsReceived, packetsLost, jitter: 0.004, codecId: 'c2' }],
      ['c2', { type: 'codec', mimeType: 'audio/opus', clockRate: 48_000 }],
      ['p', { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.025 }],
    ]
    await world.clock.pass(3_000)
  }
  await look(100, 50)
  assert.equal(only(phone).figures, null)
  await look(250, 50)
  assert.deepEqual(only(phone).figures, { loss: 0, jitter: 4, roundTrip: 25, codec: 'opus 48 kHz' })
  await look(400, 100)
  assert.equal(only(phone).figures?.loss, 0.25)
  world.peer.stats = [['i', { type: 'inbound-rtp', kind: 'audio', packetsReceived: 500, packetsLost: 100, jitter: 0 }]]
  await world.clock.pass(3_000)
  assert.deepEqual(only(phone).figures, { loss: 0, jitter: 0, roundTrip: null, codec: '' })
})

test('how loud both sides are, while they speak', async () => {
  const world = new World()
  const phone = await world.online()
  const call = await talking(world, phone)
  world.peer.stats = [
    ['m', { type: 'media-source', kind: 'audio', audioLevel: 1 }],
    ['i', { type: 'inbound-rtp', kind: 'audio', audioLevel: 0 }],
    ['v', { type: 'inbound-rtp', kind: 'video', audioLevel: 1 }],
  ]
  assert.deepEqual(await phone.levels(call), { mine: 1, theirs: 0 })
  world.peer.stats = [['m', { type: 'media-source', kind: 'audio', audioLevel: 0.0316227766 }]]
  const quiet = await phone.levels(call)
  assert.ok(quiet?.mine && Math.abs(quiet.mine - 0.5) < 1e-6, 'half way from silence, at -30 dB')
  assert.equal(quiet.theirs, null, 'not told')
  assert.equal(await phone.levels('another'), null)
  await agreeing(world, phone.obey({ do: 'hold', call, on: true }))
  assert.equal(await phone.levels(call), null)
})
