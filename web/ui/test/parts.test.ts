import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../src/admin/noun.ts'
import { inOrder, moved } from '../src/admin/parts.tsx'

const rows = (...places: number[]): Row[] => places.map((position, at) => ({ id: String(at), position }))
const said = (all: [Row, number][]) => all.map(([row, place]) => `${String(row.id)}:${place}`)

test('what has an order is shown in it', () => {
  assert.deepEqual(inOrder(rows(2, 0, 1), 'position').map(({ id }) => id), ['1', '2', '0'])
  assert.deepEqual(inOrder(rows(2, 0, 1), undefined).map(({ id }) => id), ['0', '1', '2'])
})

test('one that moves changes places with its neighbour, and places that were alike or left out are put right', () => {
  assert.deepEqual(said(moved(rows(0, 1, 2), 1, -1, 'position')), ['1:0', '0:1'])
  assert.deepEqual(said(moved(rows(0, 1, 2), 1, 1, 'position')), ['2:1', '1:2'])
  assert.deepEqual(said(moved(rows(0, 0, 7), 0, 1, 'position')), ['0:1', '2:2'])
  assert.deepEqual(moved(rows(0, 1), 0, -1, 'position'), [])
  assert.deepEqual(moved(rows(0, 1), 1, 1, 'position'), [])
})
