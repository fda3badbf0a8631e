import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allOf, summary, type Step } from '../src/admin/tree.ts'

const step = (text: string, verdict: boolean | null, steps: Step[] = []): Step => ({ text, verdict, steps })

test('a tree is counted however deep it is, and its last word found', () => {
  const tree = [step('who', true), step('routes', null, [step('a', false), step('b', true)]), step('class', null)]
  assert.deepEqual(allOf(tree).map(({ text }) => text), ['who', 'routes', 'a', 'b', 'class'])
  const { yes, no, last } = summary(tree)
  assert.deepEqual([yes, no, last?.text], [2, 1, 'b'])
  assert.deepEqual(summary([]), { yes: 0, no: 0, last: undefined })
})
