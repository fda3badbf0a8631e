/** A field's value as people read it. */
import { Named } from './named.tsx'
import type { Field, Row, Value } from './noun.ts'
import { number, say, time } from './text.ts'
import { W } from './words.ts'

/** Without a component around it: for comparisons and messages. */
export const written = (field: Field, value: Value | undefined): string => {
  if (value === null || value === undefined || value === '') return ''
  if (Array.isArray(value)) {
    return value.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(', ')
  }
  switch (field.kind) {
    case 'flag':
      return say(value === true ? W.yes : W.no)
    case 'choice': {
      const known = field.choices?.find(([one]) => one === value)
      return known ? say(known[1]) : String(value)
    }
    case 'time':
      return time(value)
    case 'number':
      return typeof value === 'number' ? number(value) : String(value)
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
}

export const Shown = ({ field, row }: { field: Field; row: Row }) => {
  const value = row[field.shows ?? field.name]
  const text = written(field, value)
  if (field.name === 'state' && typeof value === 'string') return <span class={`state ${value}`}>{text}</span>
  if (field.kind === 'flag' && field.name === 'enabled') {
    return <span class={value === true ? '' : 'warning'}>{text}</span>
  }
  if (text === '') return <span class="muted">{say(field.none ?? W.nobody)}</span>
  return field.kind === 'ref' && !field.shows ? <Named path={field.of ?? ''} id={text} /> : <>{text}</>
}
