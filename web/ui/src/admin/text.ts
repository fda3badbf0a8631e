/** Texts of administration stand beside what they name, in every language, in the order of `LOCALES`. */
import { LOCALES, language } from '../i18n.ts'

export type Text = readonly [en: string, de: string]

const ORDER = Object.keys(LOCALES)

/** The text in the language of the page, with `{name}` replaced by what `values` has. */
export const say = (text: Text, values: Record<string, string | number> = {}): string =>
  (text[ORDER.indexOf(language.value)] ?? text[0]).replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  )

export const number = (value: number): string => new Intl.NumberFormat(language.value).format(value)

/** A time as people write it here. */
export const time = (value: unknown): string => {
  const date = new Date(typeof value === 'number' ? value * 1000 : String(value))
  return Number.isNaN(date.getTime())
    ? String(value ?? '')
    : new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'medium' }).format(date)
}
