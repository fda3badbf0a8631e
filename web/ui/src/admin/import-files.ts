/** The files of a directory as they are sent, and what is said of it afterwards. Without a browser, for its tests. */

/** What the server takes at once, in bytes, with room for the frame around it. */
export const LARGEST = 15 * 1024 * 1024

export interface Sent {
  path: string
  text: string
}

export interface User {
  verdict: 'create' | 'skip' | 'refuse'
  id: string
  domain: string | null
  place: string
  remarks: string[]
  why?: string
  number?: string
  line?: string
  new_password?: string | null
  new_voicemail_pin?: string | null
}

export interface Report {
  revision: number | null
  created: number
  skipped: number
  refused: number
  users: User[]
  /** What is not taken over, and how many users have it. */
  not_taken_over: Record<string, number>
  notes: string[]
}

export interface Job {
  id: string
  dry_run: boolean
  state: 'running' | 'done' | 'failed'
  percent: number
  report: Report | null
  error: string | null
}

/** A file of a folder that was chosen is named below it; one that was chosen by itself has no folder. */
export const pathOf = (file: { name: string; webkitRelativePath?: string }): string => {
  const below = file.webkitRelativePath?.split('/').slice(1).join('/')
  return below || file.name
}

/** Those that can be of a directory: what else is in its folder need not be sent. */
export const isOne = (path: string): boolean => /\.xml$/i.test(path) && !/(^|\/)\./.test(path)

/** The file that is probably read first: with a domain in it, and the nearest. */
export const mainOf = (files: readonly Sent[]): string => {
  const depth = ({ path }: Sent) => path.split('/').length
  const sorted = [...files].sort((a, b) => depth(a) - depth(b) || a.path.localeCompare(b.path))
  const has = (word: string) => sorted.find(({ text }) => text.includes(word))
  return (has('<domain') ?? has('X-PRE-PROCESS') ?? sorted[0])?.path ?? ''
}

/** About how many bytes they are when they are sent. */
export const sizeOf = (files: readonly Sent[]): number =>
  files.reduce((sum, { path, text }) => sum + 2 * path.length + new Blob([text]).size * 1.1, 0)

/** New passwords and PINs as a table for a spreadsheet, which takes none of it for a formula. */
export const secretsOf = (report: Report): string => {
  const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
  const rows = report.users.filter((user) => user.new_password || user.new_voicemail_pin)
  if (rows.length === 0) return ''
  const lines = rows.map((user) => [user.line ?? '', user.domain ?? '', user.new_password ?? '', user.new_voicemail_pin ?? ''])
  return [['username', 'domain', 'password', 'voicemail_pin'], ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('')
}
