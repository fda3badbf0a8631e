/** What a revision changed: each thing's values before and after. */
import type { Row, Value } from './noun.ts'
import { say } from './text.ts'
import { W } from './words.ts'

type Image = Record<string, unknown> | null
interface Change {
  table: string
  id: string
  before: Image
  after: Image
  secrets_changed: string[]
}

/** What every row has, and says nothing. */
const DULL = new Set(['id', 'row_rev', 'updated_at'])
const plain = (value: unknown): string =>
  value === null || value === undefined || value === '' ? say(W.nobody) : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** The names of what differs. */
export const differing = ({ before, after }: Pick<Change, 'before' | 'after'>): string[] => {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...names].filter((name) => !DULL.has(name) && JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]))
}

export const Changes = ({ value }: { value: Value | undefined; row: Row }) => {
  const all = (Array.isArray(value) ? value : []) as unknown as Change[]
  return (
    <>
      {all.slice(0, 200).map((change) => {
        const { table, id, before, after, secrets_changed: secrets } = change
        const name = (after ?? before ?? {}) as Record<string, unknown>
        return (
          <table key={`${table} ${id}`} class="list stacked">
            <caption>
              {table} {plain(name.name ?? name.number ?? name.username ?? id)}
              {!before && ` · ${say(W.made)}`}
              {!after && ` · ${say(W.deleted)}`}
            </caption>
            <thead>
              <tr>
                <th scope="col">{say(W.what)}</th>
                {before && <th scope="col">{say(W.before)}</th>}
                {after && <th scope="col">{say(W.after)}</th>}
              </tr>
            </thead>
            <tbody>
              {differing(change).map((field) => (
                <tr key={field}>
                  <th scope="row">{field}</th>
                  {before && <td data-label={say(W.before)}>{plain(before[field])}</td>}
                  {after && <td data-label={say(W.after)}>{plain(after[field])}</td>}
                </tr>
              ))}
              {secrets.map((field) => (
                <tr key={field}>
                  <th scope="row">{field}</th>
                  {before && <td data-label={say(W.before)}>••••</td>}
                  {after && <td data-label={say(W.after)}>{say(W.secret)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        )
      })}
      {all.length > 200 && <p class="muted">{say(W.more, { count: all.length - 200 })}</p>}
    </>
  )
}
