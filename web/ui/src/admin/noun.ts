/**
 * What administrators manage: a noun of the API (`/api/v1/<path>`) as its pages show it. One file in nouns/ describes
 * one; list, form and everything else are made from that. To add one, write its file and name it in nouns/index.ts.
 */
import type { ComponentType } from 'preact'
import type { Text } from './text.ts'

export type Value = string | number | boolean | null | readonly unknown[] | { readonly [name: string]: unknown }
export type Row = { readonly [name: string]: Value | undefined }

export type Kind =
  | 'text'
  | 'email'
  | 'digits'
  | 'number'
  | 'flag'
  | 'choice'
  /** The id of another noun's thing: `of` names the noun, `shows` the field with its name. */
  | 'ref'
  | 'password'
  /** Words, a blank or line between them. */
  | 'words'
  | 'time'
  /** A day, to choose by. */
  | 'day'
  /** So many seconds, as people say it. */
  | 'seconds'
  /** Lines of text. */
  | 'lines'
  /** Things within this one, each with `fields`. */
  | 'rows'
  /** Weekly hours. */
  | 'hours'
  /** Numbers by name, of which `fields` say what they are. */
  | 'counts'
  /** Things within this one that are only seen, each with `fields`: a table below all else. */
  | 'table'
  /** What a revision changed; shown below all else. */
  | 'changes'

export interface Field {
  name: string
  label: Text
  help?: Text
  /** `text` unless said. */
  kind?: Kind
  /** When it is sent: always, only when one is made, only when one is changed, or never. */
  sent?: 'create' | 'edit' | 'never'
  required?: boolean
  /** Left empty it is null. */
  empty?: boolean
  choices?: readonly (readonly [value: string, text: Text])[]
  of?: string
  shows?: string
  min?: number
  max?: number
  /** What a new one begins with. */
  initial?: Value
  fields?: readonly Field[]
  /** Whether lists show it; `wide`: where there is room. */
  column?: boolean | 'wide'
  sort?: boolean
  /** Whether lists can be asked for those with one of its choices. */
  filter?: boolean
  /** Only where another field has one of these values. */
  when?: { name: string; is: readonly string[] }
  /** Of `rows`: their order counts. */
  ordered?: boolean
  /** Lists are chosen by it, and it is in no thing. */
  hidden?: boolean
  /** Shown as a lamp of its value. */
  lamp?: boolean
  /** What is shown where it is null. */
  none?: Text
  /** Something is wrong where it is not. */
  bad?: boolean
  /** Of a `ref`: the field of both that must be alike, so that only such are offered. */
  within?: string
}

/** Things of another noun that belong to one, worked on where that one is. */
export interface Part {
  noun: string
  /** Their field that is this one's id. */
  by: string
  title: Text
  about?: Text
  /** Their fields that one more is made with; each list of fields is a form of its own. */
  add: readonly (readonly string[])[]
  /** What else they have from this one, under the same name. */
  same?: readonly string[]
  /** How many there can be. */
  most?: number
  /** Their field that says which comes first, counted from 0. */
  order?: string
}

export interface Action {
  /** Its segment after the thing's path. */
  name: string
  label: Text
  /** What it asks before it does it. */
  sure: Text
}

export interface Noun {
  path: string
  title: Text
  one: Text
  about?: Text
  /** What lists say where there is none yet. */
  empty?: Text
  fields: readonly Field[]
  /** What one of them is called. */
  called(row: Row): string
  create?: boolean
  edit?: boolean
  remove?: boolean
  /** Only administrators of the whole PBX change these. */
  whole?: boolean
  /** Only they see them. */
  hidden?: boolean
  actions?: readonly Action[]
  /** Lists of others that belong to one: those whose `by` is this one's id. */
  related?: readonly { noun: string; by: string }[]
  parts?: readonly Part[]
  /** What its list has above what it is searched by, and no other list has. */
  above?: ComponentType
  /** What else its page has, which no other noun has. */
  extra?: ComponentType<{
    noun: Noun
    row: Row
    /** Asks for the thing again, which has changed. */
    again(): void
  }>
  /** Seconds after which what is shown is asked for again: not all of it is configuration. */
  refresh?: number
  /** It is no configuration: there is no table of it among the exports. */
  fact?: boolean
  /** What is below /api/v1 of a table of what a list shows. */
  csv?: string
}

/** What a list is sorted by unless asked otherwise: the API's own order. */
export const text = (row: Row, name: string): string => {
  const value = row[name]
  return value === null || value === undefined ? '' : String(value)
}
