/** Things within a thing that are only seen. */
import type { Field, Row } from './noun.ts'
import { Shown } from './shown.tsx'
import { say } from './text.ts'

export const Inner = ({ field, row }: { field: Field; row: Row }) => {
  const rows = (Array.isArray(row[field.name]) ? row[field.name] : []) as Row[]
  // What no row says is no column.
  const columns = (field.fields ?? []).filter(({ name, none }) => none || rows.some((one) => one[name] !== null && one[name] !== undefined && one[name] !== ''))
  if (rows.length === 0) return null
  return (
    <table class="list stacked">
      <caption>{say(field.label)}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.name} scope="col">
              {say(column.label)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((one, at) => (
          <tr key={String(one.id ?? at)}>
            {columns.map((column) => (
              <td key={column.name} data-label={say(column.label)}>
                <Shown field={column} row={one} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
