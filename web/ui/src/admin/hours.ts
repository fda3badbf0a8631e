/**
 * Weekly hours as the API writes them: `mon-fri 08:00-12:00 13:00-17:00; sat 09:00-12:00`. Without a browser, for its
 * tests.
 */

/** Minutes since midnight. An end that is not behind the beginning is on the day after. */
export interface Span {
  from: number
  to: number
}

/** From Monday on. */
export type Week = Span[][]

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const DAY = 24 * 60

export const empty = (): Week => DAYS.map(() => [])

export const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

/** What a clock says; null: it is none. */
export const minute = (text: string): number | null => {
  const found = /^(\d{1,2}):(\d\d)$/.exec(text)
  if (!found) return null
  const all = Number(found[1]) * 60 + Number(found[2])
  return Number(found[2]) < 60 && all <= DAY ? all : null
}

const daysOf = (text: string): number[] | null => {
  if (text === 'daily') return DAYS.map((_, at) => at)
  const all: number[] = []
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map((name) => DAYS.indexOf(name as (typeof DAYS)[number]))
    if (first === undefined || last === undefined || first < 0 || last < 0) return null
    for (let at = first; ; at = (at + 1) % 7) {
      all.push(at)
      if (at === last) break
    }
  }
  return all
}

/** The week that a text says; null: it is none, and is left to whoever typed it. */
export const read = (text: string): Week | null => {
  const week = empty()
  const plain = text.trim().toLowerCase()
  if (plain === '' || plain === 'never') return week
  if (plain === 'always') return DAYS.map(() => [{ from: 0, to: DAY }])
  for (const part of plain.split(';').map((one) => one.trim()).filter(Boolean)) {
    const [days = '', ...spans] = part.split(/\s+/)
    const on = daysOf(days)
    if (!on || spans.length === 0) return null
    for (const span of spans) {
      const [from, to] = span.split('-').map(minute)
      if (from === null || from === undefined || to === null || to === undefined) return null
      for (const day of on) week[day]!.push({ from, to: to === 0 ? DAY : to })
    }
  }
  for (const day of week) day.sort((a, b) => a.from - b.from)
  return week
}

const written = (day: readonly Span[]): string => day.map(({ from, to }) => `${clock(from)}-${clock(to)}`).join(' ')

/** The text of a week: days that follow each other and are alike are said together. */
export const write = (week: Week): string => {
  const parts: string[] = []
  for (let first = 0; first < 7; ) {
    const text = written(week[first]!)
    let last = first
    while (last < 6 && written(week[last + 1]!) === text) last += 1
    if (text) parts.push(`${DAYS[first]}${last > first ? `-${DAYS[last]}` : ''} ${text}`)
    first = last + 1
  }
  return parts.join('; ') || 'never'
}

/** The pieces of a day that it is open, in minutes: what is left of the night before, and what begins. */
export const pieces = (week: Week, day: number): Span[] => {
  const over = ({ from, to }: Span) => to <= from
  const before = week[(day + 6) % 7]!.filter(over).map(({ to }) => ({ from: 0, to }))
  const own = week[day]!.map((span) => (over(span) ? { from: span.from, to: DAY } : span))
  return [...before, ...own].filter(({ from, to }) => to > from)
}
