/** The table of extensions: one page of what the server found, kept right by what is heard of changes. */
import { batch, signal, type Signal } from '@preact/signals'
import { Problem, type Page, type Presence } from './api.ts'
import type { News } from './live.ts'
import type { Clock } from './verto/clock.ts'

export interface Query {
  q: string
  state: Presence | ''
  /** A column, with `-` before it for the other way round. */
  sort: string
  page: number
}

export interface LiveRow {
  id: string
  number: string
  name: string
  state: Signal<Presence>
}

const SIZE = 25
/** So long after the last key a search is sent. */
const TYPING = 200
/** So long after a change a page whose order or choice depends on states is asked for again. */
const SETTLING = 1_000

export class Table {
  readonly query = signal<Query>({ q: '', state: '', sort: 'name', page: 1 })
  readonly rows = signal<LiveRow[]>([])
  readonly total = signal(0)
  readonly loading = signal(true)
  readonly problem = signal('')
  private domain = ''
  private asked = 0
  private cancel = () => {}
  private over = false
  /** What was heard since the page was asked for is newer than the page. */
  private readonly heard = new Map<string, Presence>()

  constructor(
    private readonly clock: Clock,
    private readonly fetch: (query: URLSearchParams) => Promise<Page>,
    private readonly channel: string,
  ) {}

  get pages(): number {
    return Math.max(1, Math.ceil(this.total.value / SIZE))
  }

  /** Another search, choice or order begins at the first page. */
  ask(change: Partial<Query>): void {
    const page = change.page ?? 1
    this.query.value = { ...this.query.value, ...change, page }
    this.later('q' in change ? TYPING : 0)
  }

  /** The same column again turns it round. */
  sortBy(column: string): void {
    this.ask({ sort: this.query.value.sort === column ? `-${column}` : column })
  }

  hear(news: News): void {
    if ('reset' in news) return this.later(0)
    let seen = false
    batch(() => {
      for (const change of news.changes) {
        if (this.domain && change.domain !== this.domain) continue
        seen = true
        this.heard.set(change.number, change.state)
        const row = this.rows.value.find((known) => known.number === change.number)
        if (row) row.state.value = change.state
      }
    })
    const { state, sort } = this.query.value
    if (seen && (state || sort.endsWith('state'))) this.later(SETTLING, false)
  }

  async load(): Promise<void> {
    const asked = ++this.asked
    this.heard.clear()
    const { q, state, sort, page } = this.query.value
    const query = new URLSearchParams({ channel: this.channel, sort, page: String(page), size: String(SIZE) })
    if (q.trim()) query.set('q', q.trim())
    if (state) query.set('state', state)
    this.loading.value = true
    try {
      const found = await this.fetch(query)
      if (asked === this.asked && !this.over) this.show(found)
    } catch (error) {
      if (asked !== this.asked || this.over) return
      batch(() => {
        this.loading.value = false
        this.problem.value = (error as Error).message
      })
      const refused = error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429
      if (!refused) this.later(5_000, false)
    }
  }

  close(): void {
    this.over = true
    this.cancel()
  }

  private show(found: Page): void {
    batch(() => {
      this.domain = found.domain
      this.total.value = found.total
      // Who stays keeps their row: what the eye or the keyboard is on does not jump.
      const known = new Map(this.rows.value.map((row) => [row.id, row]))
      this.rows.value = found.rows.map(({ id, number, name, state: then }) => {
        const state = this.heard.get(number) ?? then
        const old = known.get(id)
        if (!old || old.number !== number || old.name !== name) return { id, number, name, state: signal(state) }
        old.state.value = state
        return old
      })
      this.loading.value = false
      this.problem.value = ''
    })
    // The last page emptied while it was looked at.
    if (this.query.value.page > this.pages) this.ask({ page: this.pages })
  }

  private waiting = false

  /** Without `restart` what waits already is not put off. */
  private later(milliseconds: number, restart = true): void {
    if (this.waiting && !restart) return
    this.cancel()
    this.waiting = true
    this.cancel = this.clock.after(milliseconds, () => {
      this.waiting = false
      void this.load()
    })
  }
}
