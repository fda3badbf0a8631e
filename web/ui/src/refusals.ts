/** What people read of what the server refuses. It speaks English; what it says again and again has a text in every language. */
import { language, maybe } from './i18n.ts'

/** The server's own sentences that were shown last. */
const foreign = new Set<string>()
const MOST = 50

/** The language of a text that says what went wrong, where it is not the page's. */
export const languageOf = (text: string): 'en' | undefined =>
  language.value !== 'en' && foreign.has(text) ? 'en' : undefined

/**
 * The sentence for a problem; empty: the server said nothing. What administration is refused is told of in the
 * server's words, which name what it is about; so is what one's own pages are, by whoever reads English.
 */
export const sentence = (path: string, kind: string, data: Record<string, unknown>, seconds: number): string => {
  const detail = typeof data.detail === 'string' ? data.detail : ''
  const about = typeof data.about === 'string' ? data.about : ''
  const own = !path.startsWith('/api/v1/') && (language.peek() !== 'en' || !detail)
  const keys = [...(own ? [`refused.${kind}.${about}`, `refused.${kind}`] : []), `problem.${kind}`]
  for (const key of keys) {
    const text = maybe(key, { seconds })
    if (text) return text
  }
  if (foreign.size >= MOST) foreign.clear()
  if (detail) foreign.add(detail)
  return detail
}
