import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { Problem, ask } from '../src/api.ts'
import { choose } from '../src/i18n.ts'
import { languageOf } from '../src/refusals.ts'

const { fetch } = globalThis
beforeEach(() => choose('de'))
afterEach(() => {
  globalThis.fetch = fetch
  choose('en')
})

/** What a page shows when the server refuses like this. */
const shown = async (path: string, status: number, body: unknown, headers: Record<string, string> = {}): Promise<string> => {
  globalThis.fetch = () => Promise.resolve(new Response(JSON.stringify(body), { status, headers }))
  try {
    await ask('GET', path)
  } catch (error) {
    assert.ok(error instanceof Problem)
    return error.message
  }
  return assert.fail('it was not refused')
}
const problem = (kind: string, more: Record<string, unknown> = {}) => ({ type: `urn:pbx:${kind}`, detail: 'no, for a reason.', ...more })

test('what one is refused at sign-in and with one’s own is said in the page’s language', async () => {
  for (const [path, status, body, wanted] of [
    ['/api/sign-in', 401, problem('wrong-password'), /Der Name oder das Passwort ist falsch/],
    ['/api/password', 422, problem('weak-password'), /zu schwach/],
    ['/api/me', 401, problem('not-signed-in'), /abgemeldet/],
    ['/api/channels', 403, problem('password-must-be-changed'), /Wählen Sie zuerst ein anderes/],
    ['/api/me/forwards/x', 422, problem('invalid', { about: 'circle' }), /im Kreis/],
    ['/api/me/forwards/x', 422, problem('invalid', { about: 'target' }), /keine Nummer/],
    ['/api/me/forwards/x', 422, problem('invalid', { about: 'ring-seconds' }), /5 bis 600 Sekunden/],
    ['/api/me/forwards/x', 409, problem('conflict'), /jemand anders/],
    ['/api/me/mailboxes/x/pin', 422, problem('invalid', { about: 'pin' }), /4 bis 10 Ziffern/],
    ['/api/me/lines', 422, problem('invalid', { about: 'password' }), /zu schwach/],
    ['/api/me/lines', 422, problem('invalid', { about: 'name' }), /ein anderer Anschluss/],
    ['/api/me/lines', 409, problem('full'), /Mehr Anschlüsse/],
    ['/api/me/mailboxes', 503, problem('unavailable'), /geht gerade nicht/],
    ['/api/me/calls', 500, problem('internal'), /schiefgegangen/],
  ] as const) {
    const text = await shown(path, status, body)
    assert.match(text, wanted)
    assert.equal(languageOf(text), undefined, text)
  }
})

test('how long to wait is part of it', async () => {
  const wait = { 'Retry-After': '17' }
  assert.match(await shown('/api/sign-in', 429, problem('too-many-tries'), wait), /Warten Sie 17 Sekunden/)
  assert.match(await shown('/api/me/lines', 429, problem('too-often'), wait), /in 17 Sekunden/)
})

test('what there are no words for is the server’s English, and is marked as that', async () => {
  for (const [path, body] of [
    ['/api/me/lines', problem('invalid', { about: 'other' })],
    ['/api/me/lines', problem('invalid', { about: 'constructor' })],
    ['/api/extensions', problem('forbidden')],
    // Administration is told what exactly is in the way.
    ['/api/v1/users', problem('conflict')],
    ['/api/v1/users', problem('unavailable')],
  ] as const) {
    const text = await shown(path, 409, body)
    assert.equal(text, 'no, for a reason.')
    assert.equal(languageOf(text), 'en')
  }
  assert.match(await shown('/api/me', 502, {}), /502/)
})

test('in English the server’s own words are shown: they know more', async () => {
  choose('en')
  const text = await shown('/api/me/forwards/x', 422, problem('invalid', { about: 'circle', detail: '1001 to 1002 to 1001.' }))
  assert.equal(text, '1001 to 1002 to 1001.')
  assert.equal(languageOf(text), undefined)
  assert.equal(await shown('/api/sign-in', 401, problem('wrong-password')), 'The name or the password is wrong.')
})
