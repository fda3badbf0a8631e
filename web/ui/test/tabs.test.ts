import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tabs, type Channel, type Locks } from '../src/verto/tabs.ts'
import { settle } from './fakes.ts'

/** A browser's locks and channel, without the browser. */
class Browser implements Locks {
  private queue: { held: () => Promise<void>; refuse: (error: Error) => void }[] = []
  private taken = false
  readonly channels = new Set<FakeChannel>()

  request(_name: string, options: { signal?: AbortSignal }, held: () => Promise<void>): Promise<unknown> {
    return new Promise((resolve, refuse) => {
      const entry = { held: () => held().then(resolve), refuse }
      options.signal?.addEventListener('abort', () => {
        if (this.queue.includes(entry)) refuse(new Error('aborted'))
        this.queue = this.queue.filter((other) => other !== entry)
      })
      this.queue.push(entry)
      void this.next()
    })
  }

  private async next(): Promise<void> {
    if (this.taken) return
    const entry = this.queue.shift()
    if (!entry) return
    this.taken = true
    await entry.held()
    this.taken = false
    void this.next()
  }
}

class FakeChannel implements Channel {
  onmessage: ((event: { data: unknown }) => void) | null = null
  constructor(private readonly browser: Browser) {
    browser.channels.add(this)
  }
  postMessage(message: unknown): void {
    const data = JSON.parse(JSON.stringify(message)) as unknown
    for (const other of this.browser.channels) if (other !== this) other.onmessage?.({ data })
  }
  close(): void {
    this.browser.channels.delete(this)
  }
}

const tab = (browser: Browser | null, name: string) => {
  const log: string[] = []
  const channel = browser ? new FakeChannel(browser) : null
  const tabs: Tabs<{ from: string }, { do: string }> = new Tabs('phone', browser, channel, {
    lead: () => log.push('leads'),
    state: () => ({ from: name }),
    command: (command) => log.push(`does ${command.do}`),
    told: (state) => log.push(`sees ${state.from}`),
  })
  return { tabs, log, channel }
}

test('one leads; the others see its state and have it do things', async () => {
  const browser = new Browser()
  const one = tab(browser, 'one')
  await settle()
  const two = tab(browser, 'two')
  await settle()
  assert.deepEqual(one.log, ['leads'])
  assert.deepEqual(two.log, ['sees one'])
  two.tabs.send({ do: 'dial' })
  one.tabs.send({ do: 'hang up' })
  assert.deepEqual(one.log, ['leads', 'does dial', 'does hang up'])
  two.tabs.tell({ from: 'two' })
  assert.deepEqual(one.log.length, 3, 'who does not lead tells nothing')
})

test('when it closes the next one leads, and says so to those left', async () => {
  const browser = new Browser()
  const one = tab(browser, 'one')
  const two = tab(browser, 'two')
  const three = tab(browser, 'three')
  await settle()
  one.tabs.close()
  await settle()
  assert.ok(two.tabs.leads && !three.tabs.leads)
  assert.equal(three.log.at(-1), 'sees two')
  three.tabs.close()
  two.tabs.close()
  await settle()
  const four = tab(browser, 'four')
  await settle()
  assert.deepEqual(four.log, ['leads'])
})

test('a tab that closes while it waits never leads', async () => {
  const browser = new Browser()
  const one = tab(browser, 'one')
  const two = tab(browser, 'two')
  await settle()
  two.tabs.close()
  one.tabs.close()
  await settle()
  assert.deepEqual(two.log.filter((line) => line === 'leads'), [])
})

test('messages of other makes are ignored', async () => {
  const browser = new Browser()
  const one = tab(browser, 'one')
  const two = tab(browser, 'two')
  await settle()
  const before = [one.log.length, two.log.length]
  for (const data of [null, 7, 'state', [], {}, { kind: 'command' }, { kind: 'command', command: 7 }, { kind: 'state' }]) {
    one.channel?.onmessage?.({ data })
    two.channel?.onmessage?.({ data })
  }
  one.channel?.onmessage?.({ data: { kind: 'state', state: { from: 'mallory' } } })
  assert.deepEqual([one.log.length, two.log.length], before)
})

test('without locks each tab leads itself', async () => {
  const one = tab(null, 'one')
  await settle()
  assert.deepEqual(one.log, ['leads'])
  one.tabs.send({ do: 'dial' })
  assert.deepEqual(one.log, ['leads', 'does dial'])
})
