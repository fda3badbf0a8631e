import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { choose } from '../src/i18n.ts'
import { notify, toneFor } from '../src/phone/bell.ts'
import * as devices from '../src/phone/devices.ts'
import * as tones from '../src/phone/tones.ts'
import type { CallView } from '../src/verto/phone.ts'
import { settle } from './fakes.ts'

const call = (state: CallView['state'], more: Partial<CallView> = {}) =>
  ({ id: state, state, name: '', number: '', ...more }) as CallView

/** What a browser has, for as long as a test. */
const given = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
const NAMES = ['navigator', 'localStorage', 'AudioContext', 'Notification', 'window', 'document']
const before = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)

class FakeDevices extends EventTarget {
  all: { deviceId: string; kind: string }[] = []
  asked: MediaTrackConstraints[] = []
  /** Devices that are listed and cannot be opened. */
  broken = new Set<string>()
  refused = false

  plug(...all: string[]): void {
    this.all = all.map((id) => ({ deviceId: id, kind: id.startsWith('mic') ? 'audioinput' : 'audiooutput' }))
    this.dispatchEvent(new Event('devicechange'))
  }

  enumerateDevices() {
    return Promise.resolve(this.all)
  }

  getUserMedia({ audio }: { audio: MediaTrackConstraints }) {
    this.asked.push(audio)
    const { exact } = (audio.deviceId ?? {}) as { exact?: string }
    if (this.refused) return Promise.reject(new DOMException('no', 'NotAllowedError'))
    if (exact && this.broken.has(exact)) return Promise.reject(new DOMException('gone', 'NotFoundError'))
    return Promise.resolve({ of: exact ?? 'default' })
  }
}

class FakeAudio {
  static made: FakeAudio[] = []
  state = 'suspended'
  currentTime = 0
  destination = {}
  onstatechange: (() => void) | null = null
  sinks: string[] = []
  sounding = 0
  constructor() {
    FakeAudio.made.push(this)
  }
  resume() {
    this.state = 'running'
    this.onstatechange?.()
    return Promise.resolve()
  }
  setSinkId(id: string) {
    this.sinks.push(id)
    return id === 'speaker-lost' ? Promise.reject(new Error('gone')) : Promise.resolve()
  }
  createGain() {
    return { gain: { value: 1, setTargetAtTime() {}, cancelScheduledValues() {} }, connect() {} }
  }
  createOscillator() {
    return { frequency: { value: 0 }, connect() {}, start: () => (this.sounding += 1), stop: () => (this.sounding -= 1) }
  }
}

let media: FakeDevices
const kept = new Map<string, string>()

beforeEach(() => {
  media = new FakeDevices()
  kept.clear()
  given('navigator', { mediaDevices: media, languages: ['en'] })
  given('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  })
  given('AudioContext', FakeAudio)
  devices.watchDevices()
})

afterEach(async () => {
  tones.play(null)
  for (const use of ['microphone', 'speaker', 'ringer'] as const) devices.chooseDevice(use, '')
  media.plug()
  await settle()
  devices.unplugged.value = false
  for (const [name, descriptor] of before) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor)
    else Reflect.deleteProperty(globalThis, name)
  }
})

test('a device that was chosen is kept, and used while it is there', async () => {
  media.plug('mic-1', 'mic-2', 'speaker-1')
  await settle()
  assert.deepEqual(devices.used.value, { microphone: '', speaker: '', ringer: '' })
  devices.chooseDevice('microphone', 'mic-2')
  devices.chooseDevice('ringer', 'speaker-1')
  assert.deepEqual(devices.used.value, { microphone: 'mic-2', speaker: '', ringer: 'speaker-1' })
  assert.deepEqual(JSON.parse(kept.get('pbx-devices')!), { microphone: 'mic-2', speaker: '', ringer: 'speaker-1' })
  // A microphone is no speaker, whatever was kept.
  devices.chooseDevice('speaker', 'mic-1')
  assert.equal(devices.used.value.speaker, '')
})

test('an unplugged device gives way to the default, which is said, and is used again when it is back', async () => {
  media.plug('mic-1', 'mic-2')
  await settle()
  devices.chooseDevice('microphone', 'mic-2')
  media.plug('mic-1')
  await settle()
  assert.equal(devices.used.value.microphone, '')
  assert.equal(devices.unplugged.value, true)
  media.plug('mic-1', 'mic-2')
  await settle()
  assert.equal(devices.used.value.microphone, 'mic-2')
  devices.chooseDevice('microphone', 'mic-1')
  assert.equal(devices.unplugged.value, false, 'who chooses knows')
  // Another one that goes is nobody's business.
  media.plug('mic-1')
  await settle()
  assert.equal(devices.unplugged.value, false)
})

test('the microphone that is opened is the chosen one, without echo; else the default one, unless it is refused', async () => {
  media.plug('mic-1', 'mic-2')
  await settle()
  devices.chooseDevice('microphone', 'mic-2')
  assert.deepEqual(await devices.openMicrophone(), { of: 'mic-2' })
  assert.equal(media.asked[0]!.echoCancellation, true)
  media.broken.add('mic-2')
  assert.deepEqual(await devices.openMicrophone(), { of: 'default' })
  media.refused = true
  media.asked = []
  await assert.rejects(devices.openMicrophone(), { name: 'NotAllowedError' })
  assert.equal(media.asked.length, 1, 'who says no is not asked again')
})

test('a page that is not secure has no microphone, and says so', async () => {
  given('navigator', {})
  await assert.rejects(devices.openMicrophone(), { name: 'SecurityError' })
  await devices.refresh()
  assert.deepEqual(devices.present.value, [])
})

test('what is heard follows the calls', () => {
  for (const [calls, tone] of [
    [[], null],
    [[call('ringing')], 'ring'],
    [[call('held'), call('ringing')], 'ring'],
    [[call('active'), call('ringing')], 'waiting'],
    [[call('answering'), call('ringing')], 'waiting'],
    [[call('trying')], 'ringback'],
    // The switch's own sound is heard.
    [[call('early')], null],
    [[call('requesting')], null],
    [[call('over'), call('active')], null],
  ] as const) {
    assert.equal(toneFor([...calls]), tone, calls.map(({ state }) => state).join(' '))
  }
})

test('it rings on the ringer’s device and what else is heard comes out of the speaker; one tone at a time', async () => {
  media.plug('speaker-1', 'speaker-2', 'speaker-lost')
  await settle()
  devices.chooseDevice('speaker', 'speaker-1')
  devices.chooseDevice('ringer', 'speaker-2')
  tones.play('ring')
  const audio = FakeAudio.made.at(-1)!
  const ringing = audio.sounding
  assert.ok(ringing > 0)
  assert.equal(audio.sinks.at(-1), 'speaker-2')
  tones.play('ring')
  assert.equal(audio.sounding, ringing, 'what rings goes on and is not begun anew')
  tones.play('ringback')
  assert.equal(audio.sinks.at(-1), 'speaker-1')
  tones.play(null)
  assert.equal(audio.sounding, 0, 'silence')
  // A device that fails is no reason not to ring.
  devices.chooseDevice('ringer', 'speaker-lost')
  tones.play('ring')
  await settle()
  assert.deepEqual(audio.sinks.slice(-2), ['speaker-lost', ''])
  assert.ok(audio.sounding > 0)
})

test('sound is locked until somebody clicks', async () => {
  await tones.unlock()
  assert.equal(tones.locked.value, false)
  const audio = FakeAudio.made.at(-1)!
  audio.state = 'suspended'
  audio.onstatechange!()
  assert.equal(tones.locked.value, true)
  await tones.unlock()
  assert.equal(tones.locked.value, false)
})

test('a page that nobody looks at tells of a call, if it may', () => {
  const told: { title: string; body: string; onclick?: () => void; closed?: boolean }[] = []
  let looked = 0
  class FakeNotification {
    static permission = 'granted'
    onclick?: () => void
    closed = false
    constructor(readonly title: string, options: { body: string }) {
      told.push(Object.assign(this, { body: options.body }) as never)
    }
    close() {
      this.closed = true
    }
  }
  choose('en')
  given('document', { visibilityState: 'hidden' })
  given('window', { Notification: FakeNotification, focus: () => (looked += 1) })
  given('Notification', FakeNotification)
  notify(call('ringing', { name: 'Carol', number: '1003' }))
  assert.deepEqual(told.map(({ title, body }) => [title, body]), [['Carol is calling', '1003']])
  told[0]!.onclick!()
  assert.deepEqual([looked, told[0]!.closed], [1, true], 'a click leads to the page')
  // Not asked for, looked at, not there, or for service workers alone: nothing, and no error.
  FakeNotification.permission = 'default'
  notify(call('ringing'))
  FakeNotification.permission = 'granted'
  given('document', { visibilityState: 'visible' })
  notify(call('ringing'))
  assert.equal(told.length, 1)
  given('document', { visibilityState: 'hidden' })
  given('Notification', class {
    static permission = 'granted'
    constructor() {
      throw new TypeError('Illegal constructor')
    }
  })
  notify(call('ringing'))
  given('window', {})
  notify(call('ringing'))
  assert.equal(told.length, 1)
})
