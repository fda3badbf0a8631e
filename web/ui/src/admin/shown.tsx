/** A field's value as people read it. */
import { duration } from '../i18n.ts'
import { HoursShown } from './hours.tsx'
import { Named } from './named.tsx'
import type { Field, Row, Value } from './noun.ts'
import { number, say, time } from './text.ts'
import { W } from './words.ts'

/** One of a list: by its name, if it has one. */
const named = (one: unknown): string => {
  if (one === null || typeof one !== 'object') return String(one)
  const { name } = one as { name?: unknown }
  return typeof name === 'string' && name ? name : JSON.stringify(one)
}

/** Without a component around it: for comparisons and messages. */
export const written = (field: Field, value: Value | undefined): string => {
  if (value === null || value === undefined || value === '') return ''
  if (Array.isArray(value)) {
    return value.map(named).join(', ')
  }
  switch (field.kind) {
    case 'flag':
      return say(value === true ? W.yes : W.no)
    case 'choice': {
      const known = field.choices?.find(([one]) => one === String(value))
      return known ? say(known[1]) : String(value)
    }
    case 'time':
      return time(value)
    case 'seconds':
      return duration(Number(value) * 1000)
    case 'number':
      return typeof value === 'number' ? number(value) : String(value)
    case 'counts': {
      const counts = value as Record<string, unknown>
      const known = (field.fields ?? []).filter(({ name }) => Number(counts[name]) > 0)
      return known.map(({ name, label }) => `${say(label)}: ${number(Number(counts[name]))}`).join(' · ')
    }
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
}

export const Shown = ({ field, row }: { field: Field; row: Row }) => {
  const value = row[field.shows ?? field.name]
  const text = written(field, value)
  if (field.kind === 'hours' && typeof value === 'string') return <HoursShown text={value} />
  if (field.lamp && value !== null && value !== undefined) return <span class={`state ${String(value)}`}>{text}</span>
  if (field.name === 'state' && typeof value === 'string') return <span class={`state ${value}`}>{text}</span>
  if (field.kind === 'flag' && field.name === 'enabled') {
    return <span class={value === true ? '' : 'warning'}>{text}</span>
  }
  if (field.bad && text) return <span class="bad">{text}</span>
  if (text === '') return <span class="muted">{say(field.none ?? W.nobody)}</span>
  return field.kind === 'ref' && !field.shows ? <Named path={field.of ?? ''} id={text} /> : <>{text}</>
}
