import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotIssued, readIssued, type Issued } from '../src/verto/session.ts'
import { World, settle } from './fakes.ts'

test('it logs in with the issued id and password and its own session id, and is ready at clientReady', async () => {
  const world = new World()
  const { session, ready } = world.session()
  session.start()
  session.start()
  await settle()
  assert.equal(world.sockets.length, 1)
  world.socket.open()
  await settle()
  assert.deepEqual(world.socket.params('login'), { login: 'client', passwd: 'password 1', sessid: 'the-session' })
  world.socket.answer('login')
  await settle()
  assert.equal(session.link, 'connecting')
  world.socket.asks('verto.clientReady', { reattached_sessions: ['a', 7, 'b'] })
  assert.deepEqual(ready, [['a', 'b']])
  assert.deepEqual(world.links, ['connecting', 'ready'])
})

test('it comes back within half a second, with the same session id and the password it has', async () => {
  const world = new World()
  const { session, lost } = world.session()
  session.start()
  await world.letIn()
  world.socket.drop()
  assert.equal(session.link, 'waiting')
  assert.equal(lost.length, 1)
  await world.clock.pass(500)
  assert.equal(world.sockets.length, 2)
  await world.letIn()
  assert.equal(session.link, 'ready')
  assert.equal(world.issues, 1)
  assert.equal(world.socket.params('login').sessid, 'the-session')
})

test('the waits grow, have jitter and end at half a minute', async () => {
  const waits = async (chance: number) => {
    const world = new World()
    world.clock.chance = chance
    const { session } = world.session()
    session.start()
    const found: number[] = []
    for (let n = 0; n < 12; n++) {
      await settle()
      const before = world.sockets.length
      world.socket.drop()
      const from = world.clock.now()
      while (world.sockets.length === before) await world.clock.pass(10)
      found.push(world.clock.now() - from)
    }
    return found
  }
  const short = await waits(0)
  const long = await waits(0.999)
  assert.ok(short[0]! >= 200 && long[0]! <= 510, `${short[0]} to ${long[0]}`)
  for (let n = 1; n < 12; n++) assert.ok(long[n]! >= short[n]! * 1.5, `jitter at ${n}: ${short[n]} to ${long[n]}`)
  assert.ok(long[5]! > long[2]! * 4)
  assert.ok(Math.max(...long) <= 30_010)
})

test('whatever hangs on the way is given up after ten seconds and tried again', async () => {
  const world = new World()
  const { session } = world.session()
  session.start()
  await settle()
  // Never opens.
  await world.clock.pass(10_000)
  assert.equal(session.link, 'waiting')
  assert.equal(world.sockets[0]!.closed, 1000)
  await world.clock.pass(1_000)
  // Opens, logs in, is never ready.
  world.socket.open()
  await settle()
  world.socket.answer('login')
  await world.clock.pass(10_000)
  assert.equal(session.link, 'waiting')
  assert.equal(world.sockets[1]!.closed, 1000)
})

test('a PBX that never answers is asked again', async () => {
  const world = new World()
  world.issue = () => new Promise<Issued>(() => {})
  const { session } = world.session()
  session.start()
  await world.clock.pass(12_000)
  assert.equal(world.issues, 2)
})

test('a punt ends it: nothing is tried again until somebody says "use here"', async () => {
  const world = new World()
  const { session } = world.session()
  session.start()
  await world.letIn()
  world.socket.asks('verto.punt')
  world.sockets[0]!.onclose?.({ code: 1000, reason: '' })
  assert.equal(session.link, 'punted')
  session.nudge()
  await world.clock.pass(3_600_000)
  assert.equal(world.sockets.length, 1)
  assert.equal(world.issues, 1)
  assert.equal(world.clock.pending, 0)
  session.start()
  await world.letIn()
  assert.equal(session.link, 'ready')
})

test('two that are punted in turn do not throw each other out for ever', async () => {
  const world = new World()
  const one = world.session().session
  const two = world.session().session
  one.start()
  await world.letIn()
  const first = world.socket
  two.start()
  await world.letIn()
  first.asks('verto.punt')
  await world.clock.pass(600_000)
  assert.equal(one.link, 'punted')
  // The other one comes and goes here, since nothing answers its pings; the first stays away all the same.
  assert.notEqual(two.link, 'punted')
  assert.equal(first.asked('login').length, 1)
  one.nudge()
  await settle()
  assert.equal(one.link, 'punted')
})

test('the password is renewed on the same connection before it ends', async () => {
  const world = new World()
  const { session } = world.session()
  session.start()
  await world.letIn()
  const { socket } = world
  const pings = () => socket.asked('verto.ping').length
  let answered = 0
  for (let passed = 0; passed < 880_000; passed += 1_000) {
    await world.clock.pass(1_000)
    if (pings() > answered) {
      answered = pings()
      socket.answer('verto.ping')
    }
    if (socket.asked('login').length === 2 && passed < 800_000) {
      socket.answer('login')
      break
    }
  }
  assert.equal(session.link, 'ready')
  assert.equal(world.sockets.length, 1)
  assert.equal(world.issues, 2)
  assert.deepEqual(socket.params('login'), { login: 'client', passwd: 'password 2', sessid: 'the-session' })
})

test('a renewal that fails is tried again, and the connection is left alone', async () => {
  const world = new World()
  world.life = 60_000
  const { session } = world.session()
  session.start()
  await world.letIn()
  world.issue = () => Promise.reject(new NotIssued('later', 'no database'))
  for (let n = 0; n < 55; n++) {
    await world.clock.pass(1_000)
    if (world.socket.asked('verto.ping').length) world.socket.answer('verto.ping')
  }
  assert.equal(session.link, 'ready')
  assert.ok(world.issues >= 2 && world.issues <= 5, `${world.issues}`)
})

test('a clock that is wrong by hours does not ask the PBX all the time', async () => {
  const world = new World()
  world.issue = (id) => Promise.resolve({ ...world.credentials(id), expires: world.clock.now() - 7_200_000 })
  const { session } = world.session()
  session.start()
  await world.letIn()
  for (let n = 0; n < 60; n++) {
    await world.clock.pass(1_000)
    if (world.socket.asked('verto.ping').length) world.socket.answer('verto.ping')
    if (world.socket.asked('login').length > 1) world.socket.answer('login')
  }
  assert.ok(world.issues <= 4, `${world.issues} in a minute`)
})

test('a wrong password is asked for anew, three times, and then believed', async () => {
  const world = new World()
  const { session } = world.session()
  session.start()
  for (let n = 1; n <= 3; n++) {
    await settle()
    world.socket.open()
    await settle()
    assert.equal(world.socket.params('login').passwd, `password ${n}`)
    world.socket.refuse('login', { code: -32001, message: 'Authentication Failure' })
    await settle()
    if (n < 3) await world.clock.pass(5_000)
  }
  assert.equal(session.link, 'refused')
  await world.clock.pass(600_000)
  assert.equal(world.sockets.length, 3)
})

test('who is signed out, or has no such channel, is not tried again; a busy PBX is', async () => {
  for (const why of ['signed-out', 'no-channel', 'too-many'] as const) {
    const world = new World()
    world.issue = () => Promise.reject(new NotIssued(why, why))
    const { session } = world.session()
    session.start()
    await world.clock.pass(600_000)
    assert.equal(session.link, why)
    assert.equal(world.issues, 1)
  }
  const world = new World()
  world.issue = () => Promise.reject(new NotIssued('later', 'busy', 20_000))
  const { session } = world.session()
  session.start()
  await world.clock.pass(19_000)
  session.nudge()
  await settle()
  assert.equal(world.issues, 1, 'a nudge does not overrule the server')
  await world.clock.pass(2_000)
  assert.equal(world.issues, 2)
  session.stop()
  await world.clock.pass(600_000)
  assert.equal(world.issues, 2)
  assert.equal(session.link, 'off')
})

test('a line that is dead without saying so is found by a ping, at once after a nudge', async () => {
  const world = new World()
  const { session } = world.session()
  session.start()
  await world.letIn()
  await world.clock.pass(20_000)
  world.socket.answer('verto.ping')
  await world.clock.pass(19_000)
  assert.equal(session.link, 'ready')
  session.nudge()
  await world.clock.pass(5_000)
  assert.equal(session.link, 'waiting')
  await world.clock.pass(600)
  assert.equal(world.sockets.length, 2)
})

test('an error is an answer to a ping', async () => {
  const world = new World()
  const { session } = world.session()
  session.start()
  await world.letIn()
  session.nudge()
  world.socket.refuse('verto.ping', { code: -32601, message: 'no such method' })
  await world.clock.pass(10_000)
  assert.equal(session.link, 'ready')
})

test('stopped while credentials are on their way: nothing is opened', async () => {
  const world = new World()
  const { session } = world.session()
  session.start()
  session.stop()
  await world.clock.pass(60_000)
  assert.equal(world.sockets.length, 0)
  assert.equal(session.link, 'off')
})

test('an answer of the PBX that names no session is none', () => {
  const good = {
    sessionId: 's',
    clientId: 'c',
    password: 'p',
    expiresAt: '2026-11-22T01:00:00Z',
    iceServers: [],
    wsPath: '/verto',
  }
  assert.equal(readIssued(good).expires, Date.UTC(2026, 10, 22, 1))
  assert.equal(readIssued({ ...good, expiresAt: 1_800_000_000 }).expires, 1_800_000_000_000)
  assert.equal(readIssued(good, 5_000).expires, Date.UTC(2026, 10, 22, 1) + 5_000)
  const bad = [null, [], {}, { ...good, password: 7 }, { ...good, expiresAt: 'soon' }, { ...good, wsPath: 'wss://x/' }]
  for (const answer of bad) assert.throws(() => readIssued(answer), NotIssued)
})

test('a session id of an earlier sign-in gives way to a new one', async () => {
  const world = new World()
  const asked: string[] = []
  world.issue = (id) => {
    asked.push(id)
    return id === 'the-session' ? Promise.reject(new NotIssued('taken', 'taken')) : Promise.resolve(world.credentials(id))
  }
  const { session } = world.session()
  session.start()
  await world.clock.pass(500)
  await world.letIn()
  assert.deepEqual(asked, ['the-session', 'session-1'])
  assert.equal(world.socket.params('login').sessid, 'session-1')
  assert.equal(session.link, 'ready')
})

test('going offline gives the client back, unless one is back at once', async () => {
  const world = new World()
  const { session } = world.session()
  session.start()
  await world.letIn()
  session.stop()
  session.start()
  await world.letIn()
  await world.clock.pass(5_000)
  assert.deepEqual(world.released, [])
  session.stop()
  await world.clock.pass(1_000)
  assert.deepEqual(world.released, ['client'])
})
