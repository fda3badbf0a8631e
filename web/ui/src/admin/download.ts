/** Files that a page hands to the browser. */
import { Problem } from '../api.ts'
import { t } from '../i18n.ts'

/** Has the browser save a text. */
export const offer = (name: string, type: string, text: string | Blob): void => {
  const url = URL.createObjectURL(text instanceof Blob ? text : new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Not before the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/**
 * Has the browser save what is there. A refusal is an error with its reason, and no file that holds it.
 */
export const save = async (path: string, name: string): Promise<void> => {
  let response: Response
  try {
    response = await fetch(path)
    if (response.ok) return offer(name, '', await response.blob())
  } catch {
    throw new Problem(0, 'unreachable', t('error.unreachable'))
  }
  const data = (await response.json().catch(() => ({}))) as { detail?: unknown }
  const said = typeof data.detail === 'string' ? data.detail : t('error.unexpected', { status: response.status })
  throw new Problem(response.status, '', said)
}
