/** What people read. Every text has a key in all of `locale/`; the compiler knows the keys, a test the rest. */
import { signal } from '@preact/signals'
import de from './locale/de.json'
import en from './locale/en.json'
import { store } from './storage.ts'

export type Key = keyof typeof en
export const LOCALES = { en, de } satisfies Record<string, Record<Key, string>>
export type Language = keyof typeof LOCALES

export const NAMES: Record<Language, string> = { en: 'English', de: 'Deutsch' }

const KEPT = 'pbx-language'

const isLanguage = (name: unknown): name is Language => typeof name === 'string' && Object.hasOwn(LOCALES, name)

/** What was chosen, else the first of the browser's that we speak. */
const preferred = (): Language => {
  const kept = store.get(KEPT)
  if (isLanguage(kept)) return kept
  const wanted = typeof navigator === 'undefined' ? [] : navigator.languages
  return wanted.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en'
}

export const language = signal<Language>(preferred())

export const choose = (name: string): void => {
  if (!isLanguage(name)) return
  language.value = name
  store.set(KEPT, name)
}

type Values = Record<string, string | number>

/** The text, with `{name}` replaced by what `values` has. */
export const t = (key: Key, values: Values = {}): string =>
  LOCALES[language.value][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  )

/** The text if there is one of this key. */
export const maybe = (key: string, values: Values = {}): string | undefined =>
  Object.hasOwn(en, key) ? t(key as Key, values) : undefined

type Counted<K> = K extends `${infer Base}.other` ? Base : never

/** The text for so many. */
export const many = (base: Counted<Key>, count: number): string => {
  const form = new Intl.PluralRules(language.value).select(count)
  const key = `${base}.${form}`
  const shown = new Intl.NumberFormat(language.value).format(count)
  return t(Object.hasOwn(en, key) ? (key as Key) : (`${base}.other` as Key), { count: shown })
}

/** A part of all. */
export const percent = (part: number): string =>
  new Intl.NumberFormat(language.value, { style: 'percent', maximumFractionDigits: 1 }).format(part)

/** A time too short for a clock. */
export const milliseconds = (time: number): string =>
  new Intl.NumberFormat(language.value, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 }).format(time)

/** Minutes and seconds, and hours if there are any. */
export const duration = (milliseconds: number): string => {
  const all = Math.max(0, Math.floor(milliseconds / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(all / 3600)
  const rest = `${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`
  return hours ? `${hours}:${rest}` : rest
}

/** A moment, as people here write it. */
export const moment = (iso: string): string =>
  new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
