import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../src/api.ts'
import { Loaded, isReset } from '../src/loaded.ts'
import { difference } from '../src/pages/forwards.tsx'
import { groups } from '../src/pages/lines.tsx'
import { concerns } from '../src/pages/voicemail.tsx'
import type { ForwardsOf, Line } from '../src/mine.ts'
import { FakeClock, settle } from './fakes.ts'

/** Something of a server that answers when it is told to. */
const server = (every = 0) => {
  const clock = new FakeClock()
  const waiting: ((answer: string | Error) => void)[] = []
  const fetch = () =>
    new Promise<string>((resolve, reject) =>
      waiting.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
    )
  const loaded = new Loaded(clock, fetch, isReset, every)
  const answer = async (text: string | Error) => {
    waiting.shift()!(text)
    await settle()
  }
  return { clock, waiting, loaded, answer }
}

test('what may have changed is asked for again, once for all that is heard together', async () => {
  const { clock, waiting, loaded, answer } = server()
  void loaded.load()
  await answer('one')
  assert.equal(loaded.data.value, 'one')
  loaded.hear({ changes: [] })
  await clock.pass(1_000)
  assert.equal(waiting.length, 0, 'that did not concern it')
  loaded.hear({ reset: true })
  loaded.hear({ reset: true })
  await clock.pass(1_000)
  assert.equal(waiting.length, 1)
  await answer('two')
  assert.equal(loaded.data.value, 'two')
})

test('an answer that was overtaken by what this page saved is not shown', async () => {
  const { loaded, answer } = server()
  void loaded.load()
  loaded.take('saved')
  await answer('old')
  assert.equal(loaded.data.value, 'saved')
})

test('what is heard while an answer is on its way is not in it, and asked for soon', async () => {
  const { clock, waiting, loaded, answer } = server(60_000)
  void loaded.load()
  loaded.hear({ reset: true })
  await answer('before')
  assert.equal(loaded.data.value, 'before')
  await clock.pass(1_000)
  assert.equal(waiting.length, 1, 'and not after a minute')
  await answer('after')
  assert.equal(loaded.data.value, 'after')
  await clock.pass(1_000)
  assert.equal(waiting.length, 0)
  await clock.pass(60_000)
  assert.equal(waiting.length, 1, 'as often as it is asked for anyhow')
})

test('what this page saved is shown, and what an overtaken answer may have told besides is asked for', async () => {
  const { clock, waiting, loaded, answer } = server()
  void loaded.load()
  loaded.take('saved')
  await answer('old')
  await clock.pass(1_000)
  assert.equal(waiting.length, 1)
  await answer('saved, and more')
  assert.equal(loaded.data.value, 'saved, and more')
  loaded.take('saved again')
  await clock.pass(60_000)
  assert.equal(waiting.length, 0, 'nothing was on its way')
})

test('what cannot be had is asked for again and what was shown stays, unless it was refused', async () => {
  const { clock, waiting, loaded, answer } = server()
  void loaded.load()
  await answer('one')
  void loaded.load()
  await answer(new Problem(0, 'unreachable', 'cannot be reached'))
  assert.deepEqual([loaded.data.value, loaded.problem.value], ['one', 'cannot be reached'])
  await clock.pass(5_000)
  await answer('two')
  assert.deepEqual([loaded.data.value, loaded.problem.value], ['two', ''])
  void loaded.load()
  await answer(new Problem(404, 'not-found', 'nothing here'))
  await clock.pass(60_000)
  assert.equal(waiting.length, 0)
  loaded.hear({ reset: true })
  loaded.close()
  await clock.pass(60_000)
  assert.equal(waiting.length, 0, 'nobody looks any more')
})

test('only what was typed and differs is sent; an empty field is off', () => {
  const one: ForwardsOf = {
    channel: 'c',
    number: '1001',
    name: 'Alice',
    domain: 'pbx.test',
    ring_seconds: 20,
    forwards: { dnd: true, always: null, busy: '1002', 'no-answer': '1003', offline: null },
  }
  assert.deepEqual(difference({}, one), {})
  assert.deepEqual(difference({ always: ' ', busy: ' 1002', ring: '20' }, one), {})
  assert.deepEqual(difference({ always: '1003 ', busy: '', ring: '30' }, one), {
    always: '1003',
    busy: null,
    ring_seconds: 30,
  })
})

test('lines are shown by what they ring for, one’s own extensions first, with lines or without', () => {
  const own = (number: string) =>
    ({ channel: number, number, name: '', domain: 'pbx.test', phone: {} }) as unknown as Parameters<typeof groups>[0]['extensions'][0]
  const line = (username: string, number: string, domain = 'pbx.test') => ({ username, number, domain }) as Line
  const all = groups({
    extensions: [own('1002'), own('1001')],
    lines: [line('a', '1001'), line('b', '1001', 'other.test'), line('c', '1001')],
    most: 10,
  })
  assert.deepEqual(
    all.map(({ number, domain, own, lines }) => [number, domain, own !== null, lines.map((one) => one.username)]),
    [
      ['1002', 'pbx.test', true, []],
      ['1001', 'pbx.test', true, ['a', 'c']],
      ['1001', 'other.test', false, ['b']],
    ],
  )
})

test('a mailbox is looked at again when its extension is told of', () => {
  const mine = concerns({ channel: 'c', number: '1001', name: '', domain: 'pbx.test', has_pin: true })
  const change = (number: string, domain = 'pbx.test') => ({ changes: [{ domain, number, state: 'online' as const }] })
  assert.deepEqual([mine({ reset: true }), mine(change('1001'))], [true, true])
  assert.deepEqual([mine(change('1002')), mine(change('1001', 'other.test')), mine({ changes: [] })], [false, false, false])
})

test('what a page shows is asked for again after a while, if nobody tells of its changes', async () => {
  const clock = new FakeClock()
  let asked = 0
  const loaded = new Loaded(clock, async () => (asked += 1), isReset, 60_000)
  void loaded.load()
  await settle()
  await clock.pass(59_000)
  assert.equal(asked, 1)
  await clock.pass(2_000)
  assert.equal(asked, 2)
  loaded.close()
  await clock.pass(120_000)
  assert.equal(asked, 2)
})
