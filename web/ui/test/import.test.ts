import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOne, mainOf, pathOf, secretsOf, sizeOf, type Report, type User } from '../src/admin/import-files.ts'
import { sorted } from '../src/admin/import-report.tsx'

test('files are named below the folder that was chosen, and what is no XML is not sent', () => {
  assert.equal(pathOf({ name: '1000.xml', webkitRelativePath: 'directory/default/1000.xml' }), 'default/1000.xml')
  assert.equal(pathOf({ name: 'default.xml', webkitRelativePath: 'directory/default.xml' }), 'default.xml')
  assert.equal(pathOf({ name: 'a.xml', webkitRelativePath: '' }), 'a.xml')
  assert.deepEqual(['a.xml', 'b/C.XML', 'a.xml~', '.git/x.xml', 'README', 'b/.x.xml'].filter(isOne), ['a.xml', 'b/C.XML'])
})

test('the nearest file with a domain is read first', () => {
  const file = (path: string, text: string) => ({ path, text })
  const users = file('default/1000.xml', '<include><user id="1000"/></include>')
  const domain = file('default.xml', '<include><domain name="x">')
  assert.equal(mainOf([users, file('sub/other.xml', '<domain>'), domain]), 'default.xml')
  assert.equal(mainOf([users, file('all.xml', '<X-PRE-PROCESS cmd="include" data="default/*.xml"/>')]), 'all.xml')
  assert.equal(mainOf([users]), 'default/1000.xml')
  assert.equal(mainOf([]), '')
  assert.ok(sizeOf([file('ä', 'ß'.repeat(1000))]) > 2000, 'bytes, not characters')
})

const user = (id: string, verdict: User['verdict'], more: Partial<User> = {}): User => ({
  id,
  verdict,
  domain: 'x.test',
  place: `${id}.xml`,
  remarks: [],
  ...more,
})

test('what is faulty comes first, and the rest as it was', () => {
  const all = [user('1', 'create'), user('2', 'skip'), user('3', 'refuse'), user('4', 'create')]
  assert.deepEqual(sorted(all).map(({ id }) => id), ['3', '1', '4', '2'])
})

test('new passwords are a table that no spreadsheet computes; none is no table', () => {
  const report = (users: User[]): Report => ({ revision: 3, created: 1, skipped: 0, refused: 0, users, not_taken_over: {}, notes: [] })
  assert.equal(secretsOf(report([user('1', 'create')])), '')
  const made = user('2', 'create', { line: '=2', new_password: 'a"b', new_voicemail_pin: null })
  assert.equal(
    secretsOf(report([user('1', 'create'), made])),
    '"username","domain","password","voicemail_pin"\r\n"\'=2","x.test","a""b",""\r\n',
  )
})
