import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialable } from '../src/verto/number.ts'

test('numbers are dialled however people write them', () => {
  for (const [typed, number] of [
    ['1002', '1002'],
    [' 030 / 123-45.67 ', '0301234567'],
    ['+49 (30) 1234', '+49301234'],
    ['+49 (0) 30 1234', '+49301234'],
    ['(0) 30 1234', '0301234'],
    ['\u202d+49 (0) 30 1234\u202c', '+49301234'],
    // A space that does not break, dashes that a word processor made, and marks around a number out of an address book.
    ['\u202d030\u00a01234\u201356\u2011\u202c', '030123456'],
    ['*21*1002#', '*21*1002#'],
    ['9'.repeat(32), '9'.repeat(32)],
  ]) {
    assert.equal(dialable(typed!), number, JSON.stringify(typed))
  }
})

test('what the PBX would refuse is no number', () => {
  for (const typed of ['', '  ', '()', 'Bob', '0800 FLOWERS', '1002@pbx.test', '10,02', '1_2', '${x}', '10;02', '١٢', '9'.repeat(33)]) {
    assert.equal(dialable(typed), null, JSON.stringify(typed))
  }
})
