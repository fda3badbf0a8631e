import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lost, Refusal, Rpc, type Json } from '../src/verto/rpc.ts'
import { FakeClock, FakeSocket, settle } from './fakes.ts'

const made = () => {
  const clock = new FakeClock()
  const socket = new FakeSocket()
  const asked: [string, Json][] = []
  const closed: number[] = []
  let ids = 0
  const rpc = new Rpc(socket, clock, () => `id-${++ids}`, {
    opened: () => {},
    asked: (method, params) => asked.push([method, params]),
    closed: (code) => closed.push(code),
  })
  return { clock, socket, asked, closed, rpc }
}

test('a question of the switch is told by its method, even with an id that is one of ours', async () => {
  const { socket, asked, rpc } = made()
  const answer = rpc.ask('verto.invite', {})
  socket.frame('{"jsonrpc":"2.0","id":"id-1","method":"verto.media","params":{"callID":"x"}}')
  assert.deepEqual(asked, [['verto.media', { callID: 'x' }]])
  assert.deepEqual(socket.sent[1], { jsonrpc: '2.0', id: 'id-1', result: { method: 'verto.media' } })
  socket.answer('verto.invite', { message: 'CALL CREATED' })
  assert.deepEqual(await answer, { message: 'CALL CREATED' })
})

test('a question without an id is not answered, one without parameters has none', () => {
  const { socket, asked } = made()
  socket.frame('{"jsonrpc":"2.0","method":"verto.punt"}')
  assert.deepEqual(asked, [['verto.punt', {}]])
  assert.deepEqual(socket.sent, [])
})

test('an error with a key twice and one without a code are errors', async () => {
  const { socket, rpc } = made()
  const twice = rpc.ask('verto.invite', {})
  socket.frame(
    '{"jsonrpc":"2.0","id":"id-1","error":{"message":"SDP missing","causeCode":95,' +
      '"cause":"INVALID_MSG_UNSPECIFIED","message":"CALL ERROR","code":-32002}}',
  )
  await assert.rejects(twice, (error: Refusal) => {
    assert.equal(error.message, 'CALL ERROR')
    assert.equal(error.code, -32002)
    assert.equal(error.data.cause, 'INVALID_MSG_UNSPECIFIED')
    return error instanceof Refusal
  })
  const bare = rpc.ask('verto.info', {})
  socket.frame('{"id":"id-2","error":{}}')
  await assert.rejects(bare, (error: Refusal) => error.code === undefined && error.message === 'refused')
})

test('garbage is counted and changes nothing', async () => {
  const { socket, asked, closed, rpc } = made()
  const answer = rpc.ask('login', {})
  const frames: unknown[] = [
    '',
    'nonsense',
    '#SPU 1000',
    'null',
    '7',
    '"text"',
    '[]',
    '[{"jsonrpc":"2.0","id":1,"method":"verto.punt"}]',
    '{}',
    '{"id":"id-99","result":{}}',
    '{"id":1,"result":{}}',
    '{"id":{"toString":1},"result":{}}',
    '{"id":"__proto__","result":{}}',
    '{"method":7}',
    new ArrayBuffer(8),
    undefined,
    '{"id":"id-1","result":"' + 'x'.repeat(1_000_000) + '"}',
  ]
  for (const frame of frames) socket.frame(frame)
  await settle()
  assert.equal(rpc.garbage, frames.length)
  assert.deepEqual(asked, [])
  assert.deepEqual(closed, [])
  socket.answer('login', {})
  assert.deepEqual(await answer, {})
})

test('an answer that is no object is an empty one; a second answer is garbage', async () => {
  const { socket, rpc } = made()
  const answer = rpc.ask('verto.bye', {})
  socket.frame('{"id":"id-1","result":"fine"}')
  socket.frame('{"id":"id-1","result":{"late":true}}')
  assert.deepEqual(await answer, {})
  assert.equal(rpc.garbage, 1)
})

test('who waits for an answer is told of the end, and of no answer at all', async () => {
  const { clock, socket, closed, rpc } = made()
  const slow = rpc.ask('verto.ping', {}, 5_000)
  const verdict = assert.rejects(slow, Lost)
  await clock.pass(5_000)
  await verdict
  const cut = rpc.ask('verto.invite', {})
  socket.drop(1006)
  await assert.rejects(cut, Lost)
  await assert.rejects(rpc.ask('verto.invite', {}), Lost)
  assert.deepEqual(closed, [1006])
  assert.equal(clock.pending, 0)
})

test('what comes after we closed is not read, and the end is told once', () => {
  const { socket, asked, closed, rpc } = made()
  const handler = socket.onmessage
  rpc.close()
  handler?.({ data: '{"method":"verto.invite"}' })
  socket.onclose?.({ code: 1006, reason: '' })
  assert.deepEqual(asked, [])
  assert.deepEqual(closed, [1000])
  assert.equal(socket.closed, 1000)
})
