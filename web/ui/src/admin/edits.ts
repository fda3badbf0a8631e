/** What is typed into a form, against what is saved. Without a browser, for its tests. */
import type { Field, Noun, Row, Value } from './noun.ts'

export type Typed = Record<string, Value | undefined>

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

/** The fields of a form, for a new thing or one that is there. */
export const fieldsOf = (noun: Noun, row: Row | null): Field[] =>
  noun.fields.filter(({ sent }) => (row ? sent !== 'create' && sent !== 'never' : sent !== 'edit' && sent !== 'never'))

/** Whether a field counts, with what is typed into the others. */
export const applies = ({ when }: Field, row: Row | null, typed: Typed): boolean => {
  if (!when) return true
  const value = Object.hasOwn(typed, when.name) ? typed[when.name] : row?.[when.name]
  return when.is.includes(String(value ?? ''))
}

/** What a new one begins with. */
export const fresh = (noun: Noun): Typed =>
  Object.fromEntries(fieldsOf(noun, null).flatMap(({ name, initial }) => (initial === undefined ? [] : [[name, initial]])))

/** What is sent: all that was filled in of a new one, only what differs of one that is there. */
export const difference = (noun: Noun, row: Row | null, typed: Typed): Record<string, Value> => {
  const body: Record<string, Value> = {}
  for (const field of fieldsOf(noun, row)) {
    const { name } = field
    const value = typed[name]
    if (!applies(field, row, typed)) continue
    if (value === undefined || (row && same(value, row[name]))) continue
    // A choice that is off, of something that is never shown.
    if (row && value === false && row[name] === undefined) continue
    body[name] = value
  }
  return body
}

/** Whether what was found is older than what is shown: answers overtake each other. */
export const isOlder = (found: Row, shown: Row | null): boolean =>
  typeof found.row_rev === 'number' && typeof shown?.row_rev === 'number' && found.row_rev < shown.row_rev

/** Where somebody else saved something else than what one began with and typed. */
export const quarrels = (noun: Noun, before: Row, now: Row, typed: Typed): Field[] =>
  fieldsOf(noun, before).filter(
    ({ name }) => typed[name] !== undefined && !same(before[name], now[name]) && !same(typed[name], now[name]),
  )
