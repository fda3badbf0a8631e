/** Weekly hours: seen as a week, and worked on day by day. */
import { useSignal } from '@preact/signals'
import { DAYS, clock, empty, minute, pieces, read, write, type Span, type Week } from './hours.ts'
import { language } from '../i18n.ts'
import { say } from './text.ts'
import { W } from './words.ts'

const DAY = 24 * 60

/** What days are called here: 2024 began on a Monday. */
export const dayName = (day: number, style: 'long' | 'short' = 'long'): string =>
  new Intl.DateTimeFormat(language.value, { weekday: style, timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, 1 + day)))

const told = (spans: readonly Span[]): string =>
  spans.length ? spans.map(({ from, to }) => `${clock(from)}–${clock(to)}`).join(', ') : say(W.closed)

/** The week as a grid of hours. Whoever does not see it hears each day. */
export const WeekPicture = ({ week }: { week: Week }) => (
  <table class="week">
    <caption class="hidden">{say(W.hours)}</caption>
    <tbody>
      {DAYS.map((_, day) => (
        <tr key={day}>
          <th scope="row">{dayName(day, 'short')}</th>
          <td>
            <svg class="day" viewBox={`0 0 ${DAY} 100`} preserveAspectRatio="none" aria-hidden="true">
              {pieces(week, day).map(({ from, to }) => (
                <rect key={from} class="open" x={from} y={8} width={to - from} height={84} />
              ))}
              {[6, 12, 18].map((hour) => (
                <line key={hour} x1={hour * 60} x2={hour * 60} y1={0} y2={100} />
              ))}
            </svg>
            <span class={week[day]!.length ? 'small' : 'small muted'}>{told(week[day]!)}</span>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

export const HoursShown = ({ text }: { text: string }) => {
  const week = read(text)
  return week ? <WeekPicture week={week} /> : <>{text}</>
}

interface Props {
  value: string
  change(value: string): void
}

/** The week, with the times of a day beside it. What is no week yet (an end is missing) is kept, and not yet said. */
export const HoursInput = ({ value, change }: Props) => {
  // Half typed times are nobody else's business.
  const draft = useSignal<{ text: string; week: (readonly [from: string, to: string])[][] } | null>(null)
  const known = read(value)
  if (!known) {
    return <input value={value} aria-label={say(W.hours)} onInput={(event) => change(event.currentTarget.value)} />
  }
  const rows =
    draft.value?.text === value
      ? draft.value.week
      : known.map((day) => day.map(({ from, to }) => [clock(from), clock(to === DAY ? 0 : to)] as const))
  const set = (day: number, spans: (readonly [string, string])[]) => {
    const next = rows.map((old, at) => (at === day ? spans : old))
    const week = empty()
    next.forEach((all, at) => {
      for (const [from, to] of all) {
        const [begin, end] = [minute(from), minute(to)]
        if (begin !== null && end !== null && begin !== end) week[at]!.push({ from: begin, to: end === 0 ? DAY : end })
      }
      week[at]!.sort((a, b) => a.from - b.from)
    })
    const text = write(week)
    draft.value = { text, week: next }
    change(text)
  }
  return (
    <div class="hours">
      <WeekPicture week={known} />
      {DAYS.map((_, day) => {
        const spans = rows[day]!
        const name = dayName(day)
        return (
          <div key={day} class="spans" role="group" aria-label={name}>
            <span class="dayname">{name}</span>
            <div class="row grow">
              {spans.length === 0 && <span class="muted">{say(W.closed)}</span>}
              {spans.map(([from, to], at) => {
                const put = (one: readonly [string, string]) => set(day, spans.map((old, place) => (place === at ? one : old)))
                return (
                  <span key={at} class="span">
                    <input type="time" value={from} aria-label={say(W.opens, { day: name })} onInput={(event) => put([event.currentTarget.value, to])} />
                    <span aria-hidden="true">–</span>
                    <input type="time" value={to} aria-label={say(W.closes, { day: name })} onInput={(event) => put([from, event.currentTarget.value])} />
                    <button type="button" class="slight" aria-label={say(W.dropSpan, { day: name, from: from || '?' })} onClick={() => set(day, spans.filter((__, place) => place !== at))}>
                      ✕
                    </button>
                  </span>
                )
              })}
            </div>
            <span class="tools">
              <button type="button" class="slight" aria-label={say(W.addSpan, { day: name })} onClick={() => set(day, [...spans, ['09:00', '17:00']])}>
                +
              </button>
              {day > 0 && (
                <button
                  type="button"
                  class="slight"
                  aria-label={say(W.asBefore, { day: name, other: dayName(day - 1) })}
                  title={say(W.asBefore, { day: name, other: dayName(day - 1) })}
                  onClick={() => set(day, rows[day - 1]!)}
                >
                  =↑
                </button>
              )}
            </span>
          </div>
        )
      })}
    </div>
  )
}
