import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, empty, minute, pieces, read, write } from '../src/admin/hours.ts'

test('hours are read and written as the server does', () => {
  // The same table as in schedules/hours.rs.
  for (const [typed, kept] of [
    ['mon-fri 8:00-17:00', 'mon-fri 08:00-17:00'],
    ['Sat,Sun 09:00-12:00; mon 13:00-17:00 08:00-12:00', 'mon 08:00-12:00 13:00-17:00; sat-sun 09:00-12:00'],
    ['always', 'mon-sun 00:00-24:00'],
    ['daily 22:00-06:00', 'mon-sun 22:00-06:00'],
    ['fri-mon 10:00-00:00', 'mon 10:00-24:00; fri-sun 10:00-24:00'],
    ['', 'never'],
    [' never ', 'never'],
  ] as const) {
    assert.equal(write(read(typed)!), kept, typed)
    assert.equal(write(read(kept)!), kept)
  }
  for (const bad of ['mon', 'mon 8-17', 'mon 08:00', 'mon 08:00-25:00', 'mon 08:60-09:00', 'xyz 08:00-09:00', '08:00-09:00']) {
    assert.equal(read(bad), null, bad)
  }
  assert.equal(write(empty()), 'never')
  assert.deepEqual([clock(545), minute('9:05'), minute('24:00'), minute('24:01'), minute('')], ['09:05', 545, 1440, null, null])
})

test('what goes past midnight is seen on both days', () => {
  const week = read('sun 22:00-04:00; mon 08:00-12:00')!
  assert.deepEqual(pieces(week, 0), [{ from: 0, to: 240 }, { from: 480, to: 720 }])
  assert.deepEqual(pieces(week, 6), [{ from: 1320, to: 1440 }])
  assert.deepEqual(pieces(week, 2), [])
})
