import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Page, Presence } from '../src/api.ts'
import { Problem } from '../src/api.ts'
import { LOCALES, choose, duration, many, maybe, t } from '../src/i18n.ts'
import { readChanges } from '../src/live.ts'
import { OUTCOMES } from '../src/mine.ts'
import { meaning } from '../src/phone/keys.ts'
import { parse } from '../src/router.ts'
import { Table } from '../src/table.ts'
import type { CallView } from '../src/verto/phone.ts'
import { FakeClock, settle } from './fakes.ts'

declare const PBX_TEST_FOLDER: string

const root = join(PBX_TEST_FOLDER, '..')

test('the locales have the same keys with the same values to fill in, and no text is missing', () => {
  const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort()
  const { en } = LOCALES
  for (const [name, texts] of Object.entries(LOCALES)) {
    assert.deepEqual(Object.keys(texts), Object.keys(en), `${name}: keys and their order`)
    for (const [key, text] of Object.entries(texts)) {
      const original = en[key as keyof typeof en]
      assert.deepEqual(holes(text), holes(original), `${name}: ${key}`)
      assert.equal(text === '', original === '', `${name}: ${key} is empty`)
    }
  }
})

test('every text is used, and every state, link, cause and quality has one', () => {
  const code = walk(join(root, 'src'))
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
  const prefixes = ['problem.', 'refused.', 'state.', 'link.', 'cause.', 'quality.', 'table.count.', 'voicemail.count.', 'voicemail.new.', 'calls.outcome.']
  for (const key of Object.keys(LOCALES.en)) {
    if (prefixes.some((prefix) => key.startsWith(prefix))) continue
    assert.ok(code.includes(`'${key}'`), `${key} is used nowhere`)
  }
  const links = ['off', 'connecting', 'ready', 'waiting', 'punted', 'signed-out', 'no-channel', 'too-many', 'refused']
  const causes = ['NO_MICROPHONE', 'MICROPHONE_REFUSED', 'NO_NETWORK_PATH', 'CONNECTION_LOST', 'MEDIA_FAILED', 'REFUSED', 'OTHER_NOT_HELD']
  for (const link of links) assert.ok(maybe(`link.${link}`), link)
  for (const cause of causes) assert.ok(maybe(`cause.${cause}`), cause)
  for (const one of ['good', 'fair', 'poor', 'silent']) assert.ok(maybe(`quality.${one}`), one)
  for (const one of OUTCOMES) assert.ok(maybe(`calls.outcome.${one}`), one)
  assert.equal(maybe('cause.constructor'), undefined)
  assert.equal(maybe('__proto__'), undefined)
})

const walk = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  )

test('texts are filled in and counted as the language has it', () => {
  choose('en')
  assert.equal(t('table.page', { page: 2, pages: 3 }), 'Page 2 of 3')
  assert.equal(t('call.active', { name: '{name} $& <b>' }), 'In a call with {name} $& <b>')
  assert.equal(many('table.count', 1), '1 extension')
  assert.equal(many('table.count', 10_000), '10,000 extensions')
  choose('de')
  assert.equal(many('table.count', 10_000), '10.000 Nebenstellen')
  choose('klingon')
  assert.equal(many('table.count', 1), '1 Nebenstelle')
  choose('en')
  assert.equal(duration(59_999), '00:59')
  assert.equal(duration(3_661_000), '1:01:01')
  assert.equal(duration(-5), '00:00')
})

test('addresses name pages, and nothing else does', () => {
  const id = '0192f0c1-2345-7abc-8def-0123456789ab'
  assert.deepEqual(parse(`/extensions/${id}`), { page: 'extension', channel: id })
  assert.deepEqual(parse('/'), { page: 'home' })
  assert.deepEqual(parse('/password'), { page: 'password' })
  for (const page of ['forwards', 'lines', 'voicemail']) assert.deepEqual(parse(`/${page}`), { page })
  assert.deepEqual(parse('/admin'), { page: 'admin', rest: [] })
  assert.deepEqual(parse('/admin/users/a%2Fb'), { page: 'admin', rest: ['users', 'a/b'] })
  assert.deepEqual(parse('/admin/%E0%A4%A'), { page: 'missing' })
  assert.deepEqual(parse('/administration'), { page: 'missing' })
  for (const path of ['/extensions', `/extensions/${id}/`, `/extensions/${id.toUpperCase()}`, '/extensions/../x', '/x', '/constructor', 'constructor']) {
    assert.deepEqual(parse(path), { page: 'missing' }, path)
  }
})

test('a key does what fits the calls, and nothing otherwise', () => {
  const call = (state: CallView['state']) => ({ state }) as CallView
  assert.equal(meaning('a', []), null)
  assert.equal(meaning('a', [call('ringing')]), 'answer')
  assert.equal(meaning('m', [call('ringing')]), null)
  assert.equal(meaning('m', [call('active')]), 'mute')
  assert.equal(meaning('h', [call('held')]), 'hold')
  assert.equal(meaning('Escape', [call('over')]), null)
  assert.equal(meaning('Escape', [call('over'), call('trying')]), 'end')
  assert.equal(meaning('5', [call('held')]), null)
  assert.equal(meaning('5', [call('active')]), 'digit')
  assert.equal(meaning('/', []), 'search')
})

test('an event of the stream is believed as far as it makes sense', () => {
  const rows = [{ number: '1001', state: 'busy' }, { number: 7, state: 'busy' }, { number: '1', state: 'gone' }, null]
  assert.deepEqual(readChanges(JSON.stringify([{ domain: 'pbx.test', rows }, 7, null, { rows }])), [
    { domain: 'pbx.test', number: '1001', state: 'busy' },
  ])
  for (const data of ['', 'x', 'null', '[]', '{}', '[{"domain":7,"rows":[]}]', '[{"domain":"x","rows":{}}]', 7, undefined]) {
    assert.deepEqual(readChanges(data), [])
  }
})

/** A server with this many extensions, that answers when it is told to. */
const server = (count: number) => {
  const clock = new FakeClock()
  const asked: URLSearchParams[] = []
  const waiting: ((page: Page | Error) => void)[] = []
  const table = new Table(
    clock,
    (query) => {
      asked.push(query)
      return new Promise((resolve, reject) =>
        waiting.push((page) => (page instanceof Error ? reject(page) : resolve(page))),
      )
    },
    'the-channel',
  )
  const page = (query: URLSearchParams, state: Presence = 'offline', total = count): Page => {
    const number = Number(query.get('page'))
    const size = Number(query.get('size'))
    const all = Array.from({ length: total }, (_, at) => ({ id: `id-${at}`, number: `${1000 + at}`, name: `N${at}`, state }))
    return { domain: 'pbx.test', total, page: number, size, rows: all.slice((number - 1) * size, number * size) }
  }
  const answer = async (state?: Presence, total?: number) => {
    waiting.shift()!(page(asked.at(-1)!, state, total))
    await settle()
  }
  return { clock, asked, waiting, table, page, answer }
}

const states = (table: Table) => table.rows.value.map((row) => row.state.value)

test('search, choice and order are the server’s; typing asks once, and begins at the first page', async () => {
  const { clock, asked, table, answer } = server(60)
  void table.load()
  await answer()
  assert.equal(asked[0]?.toString(), 'channel=the-channel&sort=name&page=1&size=25')
  assert.equal(table.rows.value.length, 25)
  assert.equal(table.pages, 3)
  table.ask({ page: 3 })
  await clock.pass(0)
  await answer()
  assert.equal(table.rows.value.length, 10)
  for (const q of ['b', 'bo', 'bob ']) {
    table.ask({ q })
    await clock.pass(100)
  }
  await clock.pass(200)
  assert.equal(asked.length, 3)
  assert.equal(asked[2]?.toString(), 'channel=the-channel&sort=name&page=1&size=25&q=bob')
  table.sortBy('number')
  await clock.pass(0)
  table.sortBy('number')
  await clock.pass(0)
  assert.deepEqual(asked.slice(3).map((query) => query.get('sort')), ['number', '-number'])
})

test('an answer that was overtaken is not shown', async () => {
  const { clock, waiting, asked, table, page } = server(60)
  void table.load()
  const first = asked[0]!
  table.ask({ page: 2 })
  await clock.pass(0)
  waiting[1]!(page(asked[1]!))
  await settle()
  waiting[0]!(page(first))
  await settle()
  assert.equal(table.rows.value[0]?.number, '1025')
})

test('a row changes as it is heard, and alone; other domains and numbers change nothing', async () => {
  const { table, answer } = server(3)
  void table.load()
  await answer()
  const before = table.rows.value
  table.hear({ changes: [{ domain: 'pbx.test', number: '1001', state: 'busy' }] })
  table.hear({ changes: [{ domain: 'other.test', number: '1000', state: 'busy' }] })
  table.hear({ changes: [{ domain: 'pbx.test', number: '9', state: 'busy' }] })
  assert.equal(table.rows.value, before, 'the table itself is not painted anew')
  assert.deepEqual(states(table), ['offline', 'busy', 'offline'])
})

test('what was heard while a page was on its way is newer than the page', async () => {
  const { clock, table, answer } = server(3)
  void table.load()
  await answer()
  table.hear({ reset: true })
  await clock.pass(0)
  table.hear({ changes: [{ domain: 'pbx.test', number: '1001', state: 'busy' }] })
  await answer('online')
  assert.deepEqual(states(table), ['online', 'busy', 'online'])
  table.hear({ reset: true })
  await clock.pass(0)
  await answer('ringing')
  assert.deepEqual(states(table), ['ringing', 'ringing', 'ringing'])
})

test('where the order or the choice is by state, changes have the page asked for again, at most once a second', async () => {
  const { clock, asked, table, answer } = server(3)
  table.ask({ state: 'busy' })
  await clock.pass(0)
  await answer()
  for (let n = 0; n < 20; n++) {
    table.hear({ changes: [{ domain: 'pbx.test', number: '1001', state: n % 2 ? 'busy' : 'online' }] })
    await clock.pass(100)
  }
  assert.ok(asked.length >= 2 && asked.length <= 3, `${asked.length}`)
})

test('a page that fails says so and is asked for again, unless it was refused', async () => {
  const { clock, asked, waiting, table, answer } = server(3)
  void table.load()
  waiting.shift()!(new Problem(0, 'unreachable', 'cannot be reached'))
  await settle()
  assert.equal(table.problem.value, 'cannot be reached')
  await clock.pass(5_000)
  await answer()
  assert.equal(table.problem.value, '')
  table.hear({ reset: true })
  await clock.pass(0)
  waiting.shift()!(new Problem(404, 'not-found', 'nothing here'))
  await clock.pass(60_000)
  assert.equal(asked.length, 3)
})

test('a last page that emptied gives way to the one before', async () => {
  const { clock, asked, table, answer } = server(26)
  void table.load()
  await answer()
  table.ask({ page: 2 })
  await clock.pass(0)
  await answer('offline', 25)
  await clock.pass(0)
  assert.equal(asked.at(-1)?.get('page'), '1')
})

test('built: everything is ours, nothing is inline, twins are equal, and it is small', () => {
  const out = mkdtempSync(join(tmpdir(), 'pbx-ui-'))
  try {
    const built = spawnSync(process.execPath, [join(root, 'build/build.js'), out], { encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
    const files = walk(out)
    const read = (name: string) => readFileSync(join(out, name), 'utf8')
    const index = read('index.html')
    assert.doesNotMatch(index, /<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)/)
    const named = [...index.matchAll(/(?:src|href)="([^"]*)"/g)].map((found) => found[1]!)
    assert.equal(named.length, 3)
    for (const name of named) {
      assert.match(name, /^\/assets\/[a-z]+-[0-9A-Z]{8}\.(js|css|svg)$/)
      assert.ok(files.includes(join(out, name)), name)
    }
    for (const name of files.filter((file) => /\.(br|gz)$/.test(file))) {
      const original = readFileSync(name.replace(/\.(br|gz)$/, ''))
      const packed = readFileSync(name)
      assert.deepEqual(name.endsWith('.br') ? brotliDecompressSync(packed) : gunzipSync(packed), original)
    }
    const scripts = files.filter((file) => file.endsWith('.js'))
    const styles = files.filter((file) => file.endsWith('.css'))
    const all = [...scripts, ...styles].map((file) => readFileSync(file, 'utf8')).join('\n')
    const addresses = [...all.matchAll(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z.]+[^"'`\s)]*/g)].map((found) => found[0])
    assert.deepEqual(
      addresses.filter((address) => !address.startsWith('http://www.w3.org/')),
      [],
      'no request leaves for anywhere else',
    )
    assert.match(all, /light-dark\(/)
    assert.doesNotMatch(all, /\beval\(|new Function\(/)
    // What a page that is not administration loads: its script, and all that this one imports.
    const loaded = new Set<string>()
    const load = (file: string) => {
      if (loaded.has(file)) return
      loaded.add(file)
      const imported = readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g)
      for (const [, name] of imported) load(join(out, 'assets', name!))
    }
    load(join(out, named.find((name) => name.endsWith('.js'))!))
    const size = (files: Iterable<string>, ending: string) =>
      [...files].reduce((sum, file) => sum + readFileSync(`${file}${ending}`).length, 0)
    assert.ok(size(loaded, '.gz') <= 60_000, `JavaScript is ${size(loaded, '.gz')} bytes compressed`)
    assert.ok(size(loaded, '.br') <= size(loaded, '.gz'))
    const later = scripts.filter((file) => !loaded.has(file))
    assert.deepEqual(later.map((file) => file.replace(/^.*\/|-[0-9A-Z]+/g, '')), ['admin.js'])
    assert.ok(size(later, '.gz') <= 40_000, `administration is ${size(later, '.gz')} bytes compressed`)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
})
