import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../src/api.ts'
import { Loaded, isReset } from '../src/loaded.ts'
import { difference } from '../src/pages/forwards.tsx'
import type { ForwardsOf } from '../src/mine.ts'
import { FakeClock, settle } from './fakes.ts'

/** Something of a server that answers when it is told to. */
const server = () => {
  const clock = new FakeClock()
  const waiting: ((answer: string | Error) => void)[] = []
  const fetch = () =>
    new Promise<string>((resolve, reject) =>
      waiting.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
    )
  const loaded = new Loaded(clock, fetch, isReset)
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
