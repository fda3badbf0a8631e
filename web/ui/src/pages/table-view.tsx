import { PRESENCES, type Channel, type Presence } from '../api.ts'
import { Icon } from '../icons.tsx'
import { many, t } from '../i18n.ts'
import { live } from '../live.ts'
import type { LiveRow, Table } from '../table.ts'
import { Trouble } from '../trouble.tsx'

interface Props {
  table: Table
  own: Channel
  canCall: boolean
  call(number: string): void
}

/** One cell: it alone is painted anew when the state changes. */
const State = ({ row }: { row: LiveRow }) => (
  <span class={`state ${row.state.value}`}>{t(`state.${row.state.value}`)}</span>
)

const Heading = ({ table, column, text }: { table: Table; column: string; text: string }) => {
  const { sort } = table.query.value
  const order = sort === column ? 'ascending' : sort === `-${column}` ? 'descending' : 'none'
  return (
    <th scope="col" aria-sort={order}>
      <button type="button" class="heading" onClick={() => table.sortBy(column)}>
        {text}
        <span aria-hidden="true">{order === 'ascending' ? ' ▲' : order === 'descending' ? ' ▼' : ''}</span>
      </button>
    </th>
  )
}

export const TableView = ({ table, own, canCall, call }: Props) => {
  const { q, state, page } = table.query.value
  const rows = table.rows.value
  const first = rows.find((row) => row.number !== own.number)
  return (
    <section class="panel" aria-labelledby="table-title">
      <h2 id="table-title">{t('table.title')}</h2>
      <form
        class="filters"
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          // Enter calls when there is no doubt whom.
          if (q && canCall && rows.length === 1 && first && !table.loading.value) call(first.number)
        }}
      >
        <label class="search">
          <Icon name="search" />
          <span class="hidden">{t('table.search')}</span>
          <input
            id="search"
            type="search"
            placeholder={t('table.search')}
            value={q}
            maxLength={100}
            onInput={(event) => table.ask({ q: event.currentTarget.value })}
          />
        </label>
        <label>
          <span class="hidden">{t('table.state')}</span>
          <select value={state} onChange={(event) => table.ask({ state: event.currentTarget.value as Presence | '' })}>
            <option value="">{t('table.state.all')}</option>
            {PRESENCES.map((one) => (
              <option key={one} value={one}>
                {t(`state.${one}`)}
              </option>
            ))}
          </select>
        </label>
      </form>
      {!live.value && <p class="warning">{t('table.paused')}</p>}
      <Trouble text={table.problem.value} />
      <table aria-labelledby="table-title" aria-busy={table.loading.value}>
        <thead>
          <tr>
            <Heading table={table} column="name" text={t('table.name')} />
            <Heading table={table} column="number" text={t('table.number')} />
            <Heading table={table} column="state" text={t('table.state')} />
            <th scope="col">
              <span class="hidden">{t('table.action')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td class="name">{row.name || row.number}</td>
              <td>{row.number}</td>
              <td>
                <State row={row} />
              </td>
              <td class="action">
                {row.number === own.number ? (
                  <span class="muted">{t('table.you')}</span>
                ) : (
                  <button
                    type="button"
                    disabled={!canCall}
                    aria-label={t('table.call.to', { name: row.name || row.number })}
                    onClick={() => call(row.number)}
                  >
                    <Icon name="call" />
                    <span class="wide">{t('table.call')}</span>
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && !table.problem.value && (
        <p class="muted">{table.loading.value ? t('app.loading') : t('table.none')}</p>
      )}
      <nav class="pager" aria-label={t('table.title')}>
        <span role="status">{many('table.count', table.total.value)}</span>
        <span class="grow" />
        <button type="button" disabled={page <= 1} onClick={() => table.ask({ page: page - 1 })}>
          {t('table.previous')}
        </button>
        <span>{t('table.page', { page, pages: table.pages })}</span>
        <button type="button" disabled={page >= table.pages} onClick={() => table.ask({ page: page + 1 })}>
          {t('table.next')}
        </button>
      </nav>
    </section>
  )
}
