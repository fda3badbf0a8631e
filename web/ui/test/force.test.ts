import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../src/api.ts'
import { brokenBy, unlessBroken } from '../src/admin/force.tsx'

test('only what breaks tests is asked about, and everything else is passed on', async () => {
  const broken = new Problem(409, 'breaks-tests', 'this breaks a route test', 0, { tests: ['1001 calling 0900 is refused'] })
  assert.deepEqual(brokenBy(broken), ['1001 calling 0900 is refused'])
  assert.deepEqual(brokenBy(new Problem(409, 'breaks-tests', 'all of them')), ['all of them'])
  assert.deepEqual(brokenBy(new Problem(409, 'conflict', 'x', 0, { tests: ['y'] })), [])
  const forces: boolean[] = []
  const run = (error: unknown) => unlessBroken(async (force) => {
    forces.push(force)
    throw error
  })
  const other = new Problem(422, 'invalid', 'no')
  await assert.rejects(run(other), other)
  assert.deepEqual(forces, [false])
  assert.equal(await unlessBroken(async (force) => force), false)
})
