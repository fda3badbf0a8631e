/** Something of the server's that a page shows, asked for again when it may have changed. */
import { batch, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { Problem } from './api.ts'
import { listen, type News } from './live.ts'
import { realClock, type Clock } from './verto/clock.ts'

/** So long after a change it is asked for again: what changes meanwhile comes along. */
const SETTLING = 100
/** So long after it could not be had. */
const AGAIN = 5_000

export class Loaded<T> {
  readonly data = signal<T | null>(null)
  readonly problem = signal('')
  private asked = 0
  /** An answer is on its way, and will be shown. */
  private underway = false
  /** News were heard: it is asked for soon, whatever comes of what was asked for before. */
  private due = false
  private over = false
  private cancel = () => {}

  constructor(
    private readonly clock: Clock,
    private readonly fetch: () => Promise<T>,
    /** Whether such news may have changed it. */
    private readonly concerns: (news: News) => boolean,
    /** Asked for again after so many milliseconds, if that tells what no news do; 0: not. */
    private readonly every = 0,
  ) {}

  hear(news: News): void {
    if (this.concerns(news)) this.soon()
  }

  async load(): Promise<void> {
    const asked = ++this.asked
    this.underway = true
    try {
      const found = await this.fetch()
      if (asked === this.asked) this.show(found)
    } catch (error) {
      if (asked !== this.asked || this.over) return
      this.underway = false
      this.problem.value = (error as Error).message
      const refused = error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429
      if (!refused) this.later(AGAIN)
    }
  }

  /** What is known better than by what is on its way, which may tell of more than this: that is asked for anew. */
  take(found: T): void {
    if (this.underway) this.soon()
    this.show(found)
  }

  close(): void {
    this.over = true
    this.cancel()
  }

  private show(found: T): void {
    this.asked += 1
    this.underway = false
    if (this.over) return
    batch(() => {
      this.data.value = found
      this.problem.value = ''
    })
    if (this.every) this.later(this.every)
  }

  private soon(): void {
    if (this.due || this.over) return
    this.cancel()
    this.due = true
    this.cancel = this.clock.after(SETTLING, () => {
      this.due = false
      void this.load()
    })
  }

  /** Unless it is asked for soon: an answer that was on its way does not have in it what was heard meanwhile. */
  private later(milliseconds: number): void {
    if (this.due) return
    this.cancel()
    this.cancel = this.clock.after(milliseconds, () => void this.load())
  }
}

export const isReset = (news: News): boolean => 'reset' in news

/** For as long as the page is looked at. `key` names what is fetched. */
export const useLoaded = <T>(
  key: string,
  fetch: () => Promise<T>,
  concerns: (news: News) => boolean,
  every = 0,
): Loaded<T> => {
  const loaded = useMemo(() => new Loaded(realClock, fetch, concerns, every), [key])
  useEffect(() => {
    const end = listen((news) => loaded.hear(news))
    void loaded.load()
    return () => {
      end()
      loaded.close()
    }
  }, [loaded])
  return loaded
}
