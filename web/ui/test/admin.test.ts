import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differing } from '../src/admin/changes.tsx'
import { applies, difference, fieldsOf, fresh, isOlder, quarrels } from '../src/admin/edits.ts'
import { since } from '../src/typed.ts'
import { flat } from '../src/admin/once.tsx'
import type { Noun, Row } from '../src/admin/noun.ts'
import { GROUPS, NOUNS, find } from '../src/admin/nouns/index.ts'
import { written } from '../src/admin/shown.tsx'
import { say } from '../src/admin/text.ts'
import { W } from '../src/admin/words.ts'
import { choose } from '../src/i18n.ts'

const noun: Noun = {
  path: 'things',
  title: ['Things', 'Dinge'],
  one: ['Thing', 'Ding'],
  called: (row) => String(row.name),
  fields: [
    { name: 'name', label: ['Name', 'Name'], required: true },
    { name: 'size', label: ['Size', 'Größe'], kind: 'number', initial: 5 },
    { name: 'mail', label: ['Mail', 'Mail'], empty: true },
    { name: 'make', label: ['Make', 'Mache'], kind: 'words', sent: 'create' },
    { name: 'another', label: ['Another', 'Neu'], kind: 'flag', sent: 'edit' },
    { name: 'state', label: ['State', 'Zustand'], sent: 'never' },
  ],
}
const row: Row = { id: '1', name: 'a', size: 5, mail: null, state: 'x', row_rev: 3 }

test('what is sent of a new thing is what was filled in, of one that is there what differs', () => {
  assert.deepEqual(fresh(noun), { size: 5 })
  assert.deepEqual(difference(noun, null, { ...fresh(noun), name: 'b', make: ['x'], another: true, state: 'y' }), {
    name: 'b',
    size: 5,
    make: ['x'],
  })
  assert.deepEqual(difference(noun, row, { name: 'a', size: 6, mail: null, another: false, make: ['x'] }), { size: 6 })
  assert.deepEqual(difference(noun, row, { another: true, name: undefined }), { another: true })
  assert.deepEqual(fieldsOf(noun, row).map(({ name }) => name), ['name', 'size', 'mail', 'another'])
})

test('a field that does not count is not sent, whatever is left in it', () => {
  const [first, ...rest] = noun.fields
  const kind = { name: 'kind', label: ['', ''] as const }
  const box = { name: 'box', label: ['', ''] as const, when: { name: 'kind', is: ['voicemail'] } }
  const other: Noun = { ...noun, fields: [first!, kind, box, ...rest] }
  const saved: Row = { ...row, kind: 'voicemail', box: 'b1' }
  assert.equal(applies(box, saved, {}), true)
  assert.equal(applies(box, saved, { kind: 'hangup' }), false)
  assert.equal(applies(box, null, {}), false)
  assert.deepEqual(difference(other, saved, { kind: 'hangup', box: 'b2' }), { kind: 'hangup' })
  assert.deepEqual(difference(other, saved, { box: 'b2' }), { box: 'b2' })
  assert.deepEqual(difference(other, null, { kind: 'voicemail', box: 'b2' }), { kind: 'voicemail', box: 'b2' })
})

test('a quarrel is where both wrote something, and not the same', () => {
  const now: Row = { ...row, name: 'theirs', size: 7, mail: 'x@y', row_rev: 4 }
  const names = (typed: Record<string, string | number>) => quarrels(noun, row, now, typed).map(({ name }) => name)
  assert.deepEqual(names({ name: 'mine' }), ['name'])
  assert.deepEqual(names({ name: 'theirs' }), [])
  assert.deepEqual(names({ size: 8 }), ['size'])
  assert.deepEqual(names({}), [])
})

test('secrets are shown by name, however deep they are', () => {
  assert.deepEqual(flat({ voicemail_pin: '1234', phones: [{ username: 'a', server: null }, { username: 'b' }] }), [
    ['voicemail pin', '1234'],
    ['phones 1: username', 'a'],
    ['phones 2: username', 'b'],
  ])
})

test('values are written as people read them', () => {
  choose('de')
  assert.equal(written({ name: 'x', label: ['', ''], kind: 'flag' }, false), 'nein')
  assert.equal(written({ name: 'x', label: ['', ''], kind: 'number' }, 10_000), '10.000')
  assert.equal(written({ name: 'x', label: ['', ''] }, ['a', 'b']), 'a, b')
  assert.equal(written({ name: 'x', label: ['', ''] }, null), '')
  assert.equal(written({ name: 'x', label: ['', ''] }, [{ id: 1, name: 'n' }, 'b']), 'n, b')
  const lamp = { name: 'x', label: ['', ''], kind: 'choice', choices: [['true', ['open', 'offen']]] } as const
  assert.equal(written(lamp, true), 'offen')
  const counts = { name: 'x', label: ['', ''], kind: 'counts', fields: [{ name: 'a', label: ['A', 'Ä'] }, { name: 'b', label: ['B', 'B'] }] } as const
  assert.equal(written(counts, { a: 2, b: 0 }), 'Ä: 2')
  choose('en')
})

test('every noun is described in every language, once, and what it names is there', () => {
  const texts = (value: unknown): unknown[] =>
    Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')
      ? [value]
      : value && typeof value === 'object'
        ? Object.values(value).flatMap(texts)
        : []
  for (const text of texts(GROUPS).concat(texts(NOUNS), texts(W))) {
    const [en, de] = text as [string, string]
    assert.ok(en && de, `${en} | ${de}`)
    const holes = (one: string) => [...one.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort()
    assert.deepEqual(holes(en), holes(de), en)
  }
  assert.equal(new Set(NOUNS.map(({ path }) => path)).size, NOUNS.length)
  for (const { path, fields, related, parts } of NOUNS) {
    assert.equal(new Set(fields.map(({ name }) => name)).size, fields.length, path)
    for (const field of fields) if (field.kind === 'ref') assert.ok(find(field.of ?? ''), `${path} ${field.name}`)
    for (const { noun: other, by } of related ?? []) {
      assert.ok(find(other), `${path}: ${other}`)
      assert.ok(by, path)
    }
    for (const { noun: other, by, add, order } of parts ?? []) {
      const known = find(other)?.fields.map(({ name }) => name) ?? []
      for (const name of [by, ...add.flat(), ...(order ? [order] : [])]) assert.ok(known.includes(name), `${path}: ${other} ${name}`)
    }
  }
  assert.equal(say(['{a} and {b}', '{b} und {a}'], { a: 1, b: 'two' }), '1 and two')
})

test('what a change changed is what differs, without what every row has', () => {
  const before = { id: '1', row_rev: 3, updated_at: 'x', name: 'a', size: 5 }
  assert.deepEqual(differing({ before, after: { ...before, row_rev: 4, size: 6 } }), ['size'])
  assert.deepEqual(differing({ before: null, after: before }), ['name', 'size'])
  assert.deepEqual(differing({ before, after: null }), ['name', 'size'])
})

test('what is typed while the rest is being saved stays typed', () => {
  const sent: Record<string, string | null> = { name: 'office', hours: 'daily 08:00-12:00', code: null }
  assert.deepEqual(since(sent, sent), {})
  assert.deepEqual(since(sent, { ...sent, name: 'offices', keys: '1001' }), { name: 'offices', keys: '1001' })
  assert.deepEqual(since(sent, { ...sent, code: '1' }), { code: '1' })
})

test('an answer that was overtaken is older than what is shown', () => {
  assert.equal(isOlder({ row_rev: 3 }, { row_rev: 4 }), true)
  assert.equal(isOlder({ row_rev: 4 }, { row_rev: 4 }), false)
  assert.equal(isOlder({ row_rev: 5 }, { row_rev: 4 }), false)
  assert.equal(isOlder({ row_rev: 3 }, null), false)
  assert.equal(isOlder({ state: 'up' }, { state: 'down' }), false)
})
