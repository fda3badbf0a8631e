/** What is done with opening hours besides changing them: opened or closed for now, and holidays taken over. */
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { languageOf } from '../refusals.ts'
import { Trouble } from '../trouble.tsx'
import * as client from './client.ts'
import type { Noun, Row } from './noun.ts'
import { mayChange } from './nouns/index.ts'
import { number, say, type Text } from './text.ts'
import { W } from './words.ts'

const SWITCH: readonly (readonly [to: string, text: Text])[] = [
  ['off', ['by the hours', 'nach den Zeiten']],
  ['open', ['open', 'geöffnet']],
  ['closed', ['closed', 'geschlossen']],
]

interface Day {
  day: string
  name: string
}
interface Read {
  holidays: Day[]
  over: number
}

interface Props {
  noun: Noun
  row: Row
  /** The schedule has changed. */
  again(): void
}

export const ScheduleTools = (props: Props) =>
  mayChange(props.noun) ? (
    <>
      <Override {...props} />
      <Calendar {...props} />
    </>
  ) : null

const Override = ({ noun, row, again }: Props) => {
  const busy = useSignal(false)
  const problem = useSignal('')
  const set = async (to: string) => {
    if (busy.peek() || to === row.override) return
    busy.value = true
    problem.value = ''
    try {
      await client.act(noun, row, 'override', { to })
      again()
    } catch (error) {
      problem.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }
  return (
    <section class="part" aria-labelledby="override-title">
      <h2 id="override-title">{say(W.forNow)}</h2>
      <p class="muted small">{say(W.forNowText)}</p>
      <div class="row" role="group" aria-labelledby="override-title">
        {SWITCH.map(([to, text]) => (
          <button key={to} type="button" aria-pressed={row.override === to} disabled={busy.value} onClick={() => void set(to)}>
            {say(text)}
          </button>
        ))}
      </div>
      <Trouble text={problem.value} />
    </section>
  )
}

/** A file is looked at, and taken over when somebody has seen what is in it. */
const Calendar = ({ noun, row, again }: Props) => {
  const file = useSignal<{ name: string; text: string } | null>(null)
  const replace = useSignal(false)
  const read = useSignal<Read | null>(null)
  const busy = useSignal(false)
  const said = useSignal<{ text: string; bad: boolean } | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const run = async (dry: boolean) => {
    const chosen = file.peek()
    if (!chosen || busy.peek()) return
    busy.value = true
    said.value = null
    try {
      const body = { text: chosen.text, replace: replace.peek(), dry_run: dry }
      const found = (await client.act(noun, row, 'import', body)) as unknown as Read
      if (dry) {
        read.value = found
        return
      }
      said.value = { text: say(W.daysTaken, { count: number(found.holidays.length) }), bad: false }
      drop()
      again()
    } catch (error) {
      read.value = null
      said.value = { text: (error as Error).message, bad: true }
    } finally {
      busy.value = false
    }
  }
  const drop = () => {
    file.value = null
    read.value = null
    if (input.current) input.current.value = ''
  }
  const take = async (list: FileList | null) => {
    const one = list?.[0]
    read.value = null
    said.value = null
    file.value = one ? { name: one.name, text: await one.text() } : null
    await run(true)
  }
  const days = read.value?.holidays ?? []
  return (
    <section class="part" aria-labelledby="calendar-title">
      <h2 id="calendar-title">{say(W.calendar)}</h2>
      <div class="field">
        <label for="calendar">{say(W.calendarFile)}</label>
        <input id="calendar" ref={input} type="file" accept=".ics,text/calendar" disabled={busy.value} onChange={(event) => void take(event.currentTarget.files)} />
        <small class="muted">{say(W.calendarText)}</small>
      </div>
      {read.value && (
        <>
          <p role="status">{say(W.daysFound, { count: number(days.length), over: number(read.value.over) })}</p>
          {days.length > 0 && (
            <ul class="days">
              {days.map(({ day, name }) => (
                <li key={day}>
                  <span class="muted">{day}</span> {name}
                </li>
              ))}
            </ul>
          )}
          <label class="switch">
            <input type="checkbox" role="switch" checked={replace.value} onChange={(event) => (replace.value = event.currentTarget.checked)} />
            <span>{say(W.daysReplace)}</span>
          </label>
          <div class="row">
            <button type="button" class="primary" disabled={busy.value || (days.length === 0 && !replace.value)} onClick={() => void run(false)}>
              {say(W.daysTake)}
            </button>
            <button type="button" onClick={drop}>
              {say(W.cancel)}
            </button>
          </div>
        </>
      )}
      <p
        role={said.value?.bad ? 'alert' : 'status'}
        class={said.value?.bad ? 'bad' : 'good'}
        lang={languageOf(said.value?.text ?? '')}
      >
        {said.value?.text}
      </p>
    </section>
  )
}
