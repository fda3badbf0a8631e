import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Keys, ending } from '../src/phone/keys.ts'
import type { CallView, Command } from '../src/verto/phone.ts'
import { FakeClock } from './fakes.ts'

/** A phone with these calls, and what keys have it do. */
const desk = (...calls: Partial<CallView>[]) => {
  const clock = new FakeClock()
  const sent: Command[] = []
  let searched = 0
  const state = { calls: calls as CallView[] }
  const phone = { state: { peek: () => state }, send: (command: Command) => void sent.push(command) }
  const keys = new Keys(() => [phone], clock, () => Boolean((searched += 1)))
  return { clock, sent, keys, state, searched: () => searched }
}

test('a key that is held down does what it does once', () => {
  const { keys, sent } = desk({ id: 'one', state: 'active', muted: false })
  for (const key of ['m', 'h', '5']) {
    sent.length = 0
    assert.equal(keys.press(key, false), true)
    for (let n = 0; n < 30; n++) assert.equal(keys.press(key, true), true, 'it is still ours')
    assert.equal(sent.length, 1, `${key}: ${JSON.stringify(sent)}`)
  }
  keys.close()
})

test('Esc held down hangs nothing up: only a second press does', async () => {
  const { keys, sent, clock } = desk({ id: 'one', state: 'active' })
  keys.press('Escape', false)
  for (let n = 0; n < 60; n++) {
    keys.press('Escape', true)
    await clock.pass(33)
  }
  assert.deepEqual(sent, [])
  assert.equal(ending.value, 'one')
  keys.press('Escape', false)
  assert.deepEqual(sent, [{ do: 'hangUp', call: 'one' }])
  assert.equal(ending.value, null)
  keys.close()
})

test('a second Esc that comes late is a first one again', async () => {
  const { keys, sent, clock } = desk({ id: 'one', state: 'active' })
  keys.press('Escape', false)
  await clock.pass(2_500)
  assert.equal(ending.value, null)
  keys.press('Escape', false)
  assert.deepEqual(sent, [])
  assert.equal(ending.value, 'one')
  keys.close()
  assert.equal(ending.value, null)
})

test('A answers what rings, M and H turn round what is so, in either case', () => {
  const { keys, sent, state, searched } = desk({ id: 'old', state: 'held', muted: true }, { id: 'new', state: 'ringing' })
  keys.press('A', false)
  keys.press('M', false)
  keys.press('h', false)
  assert.deepEqual(sent, [
    { do: 'answer', call: 'new' },
    { do: 'mute', call: 'old', on: false },
    { do: 'hold', call: 'old', on: false },
  ])
  sent.length = 0
  state.calls = [{ id: 'old', state: 'held' }, { id: 'now', state: 'active', muted: false }] as CallView[]
  for (const key of ['m', 'h', '*']) keys.press(key, false)
  assert.deepEqual(sent, [
    { do: 'mute', call: 'now', on: true },
    { do: 'hold', call: 'now', on: true },
    { do: 'send', call: 'now', digits: '*' },
  ])
  keys.press('/', false)
  assert.equal(searched(), 1)
  assert.equal(keys.press('x', false), false)
  keys.close()
})

test('of several phones the one that has the call is meant, the nearest first', () => {
  const sent: string[] = []
  const phone = (name: string, ...calls: Partial<CallView>[]) => ({
    state: { peek: () => ({ calls: calls as CallView[] }) },
    send: (command: Command) => void sent.push(`${name} ${command.do} ${'call' in command ? command.call : ''}`),
  })
  const near = phone('near', { id: 'a', state: 'active' })
  const far = phone('far', { id: 'b', state: 'ringing' }, { id: 'c', state: 'active' })
  const keys = new Keys(() => [near, far], new FakeClock(), () => false)
  for (const key of ['a', 'm', '7']) keys.press(key, false)
  assert.deepEqual(sent, ['far answer b', 'near mute a', 'near send a'])
  assert.equal(keys.press('/', false), false, 'a page with nothing to search leaves the key to the browser')
  keys.close()
})

test('Esc ends what is being dialled before what is spoken on, and leaves what is over', () => {
  const { keys, sent, state } = desk({ id: 'on', state: 'active' }, { id: 'out', state: 'trying' })
  keys.press('Escape', false)
  keys.press('Escape', false)
  assert.deepEqual(sent, [{ do: 'hangUp', call: 'out' }])
  // Another call than the one that was asked about is asked about anew.
  keys.press('Escape', false)
  state.calls = [{ id: 'on', state: 'active' }] as CallView[]
  keys.press('Escape', false)
  assert.equal(sent.length, 1)
  assert.equal(ending.value, 'on')
  state.calls = [{ id: 'on', state: 'over' }] as CallView[]
  assert.equal(keys.press('Escape', false), false)
  keys.close()
})
