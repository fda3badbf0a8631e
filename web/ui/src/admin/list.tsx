/** The list of a noun: found, chosen from, sorted and paged by the server. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon } from '../icons.tsx'
import { listen } from '../live.ts'
import { isReset } from '../loaded.ts'
import { Trouble } from '../trouble.tsx'
import { list, show, type Part } from './client.ts'
import type { Field, Noun, Row } from './noun.ts'
import { find, mayChange } from './nouns/index.ts'
import { Shown } from './shown.tsx'
import { number, say } from './text.ts'
import { W } from './words.ts'

const SIZE = 25
/** So long after the last key it is searched. */
const TYPING = 200

interface Query {
  q: string
  sort: string
  page: number
  filters: Record<string, string>
}

/** What was asked of each list last: whoever comes back from a thing finds the list as it was. */
const asked = new Map<string, Query>()
const FIRST: Query = { q: '', sort: '', page: 1, filters: {} }

interface Props {
  noun: Noun
  /** Only those of one other thing. */
  by?: { field: string; id: string }
}

export const List = ({ noun, by }: Props) => {
  const key = `${noun.path} ${by?.field ?? ''} ${by?.id ?? ''}`
  const query = useSignal<Query>(asked.get(key) ?? FIRST)
  const part = useSignal<Part | null>(null)
  const busy = useSignal(false)
  const problem = useSignal('')
  const { q, sort, page, filters } = query.value

  useEffect(() => {
    asked.set(key, query.value)
    let over = false
    let loads = 0
    const load = async () => {
      const mine = ++loads
      const isLast = () => !over && mine === loads
      busy.value = true
      try {
        const fixed = by ? { [by.field]: by.id } : {}
        const found = await list(noun.path, { q, sort, page, size: SIZE, ...filters, ...fixed })
        if (!isLast()) return
        part.value = found
        problem.value = ''
        // The last page emptied while it was looked at.
        const last = Math.max(1, Math.ceil(found.total / SIZE))
        if (page > last) query.value = { ...query.value, page: last }
      } catch (error) {
        if (isLast()) problem.value = (error as Error).message
      } finally {
        if (isLast()) busy.value = false
      }
    }
    const timer = setTimeout(load, part.peek() ? TYPING : 0)
    const again = noun.refresh ? setInterval(load, noun.refresh * 1000) : undefined
    const end = listen((news) => isReset(news) && void load())
    return () => {
      over = true
      clearTimeout(timer)
      clearInterval(again)
      end()
    }
  }, [key, query.value])

  const ask = (change: Partial<Query>) => {
    query.value = { ...query.value, page: 1, ...change }
  }
  const columns = noun.fields.filter((field) => field.column)
  // On a phone three columns would break words: they stand below each other.
  const many = columns.filter((field) => field.column !== 'wide').length > 2
  const chosen = q !== '' || Object.values(filters).some(Boolean) || by !== undefined
  const pages = Math.max(1, Math.ceil((part.value?.total ?? 0) / SIZE))
  const title = say(noun.title)
  return (
    <section class="panel" aria-labelledby="list-title">
      <header class="bar">
        <h1 id="list-title" class="grow">
          {title}
        </h1>
        {noun.csv && (
          <a class="button" download href={`/api/v1/${noun.csv}${asQuery({ q, ...filters, ...(by ? { [by.field]: by.id } : {}) })}`}>
            CSV
          </a>
        )}
        {noun.create && mayChange(noun) && (
          <a class="button primary" href={`/admin/${noun.path}/new`}>
            {say(W.add)}
          </a>
        )}
      </header>
      {noun.about && <p class="muted">{say(noun.about)}</p>}
      {noun.above && <noun.above />}
      {by && <Of noun={noun} field={by.field} id={by.id} />}
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label class="search">
          <Icon name="search" />
          <span class="hidden">{say(W.search)}</span>
          <input
            id="search"
            type="search"
            placeholder={say(W.search)}
            value={q}
            maxLength={100}
            onInput={(event) => ask({ q: event.currentTarget.value })}
          />
        </label>
        {noun.fields
          .filter((field) => field.filter && field.name !== by?.field)
          .map((field) => (
            <Choice
              key={field.name}
              field={field}
              value={filters[field.name] ?? ''}
              choose={(value) => ask({ filters: { ...filters, [field.name]: value } })}
            />
          ))}
      </form>
      <Trouble text={problem.value} />
      <table aria-labelledby="list-title" aria-busy={busy.value} class={many ? 'list stacked sorted' : 'list'}>
        <thead>
          <tr>
            {columns.map((field) => (
              <Heading key={field.name} field={field} sort={sort} turn={(by) => ask({ sort: by })} />
            ))}
          </tr>
        </thead>
        <tbody>
          {part.value?.rows.map((row, at) => (
            <tr key={String(row.id ?? at)}>
              {columns.map((field, at) => (
                <td
                  key={field.name}
                  class={field.column === 'wide' ? 'wide' : ''}
                  data-label={many && at > 0 ? say(field.label) : undefined}
                >
                  {at === 0 && row.id !== undefined ? (
                    <a href={`/admin/${noun.path}/${encodeURIComponent(String(row.id))}`}>
                      <Shown field={field} row={row} />
                    </a>
                  ) : (
                    <Shown field={field} row={row} />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {part.value?.rows.length === 0 && !problem.value && (
        <p class={chosen || !noun.empty ? 'muted' : 'hint'}>{say(chosen ? W.none : (noun.empty ?? W.none))}</p>
      )}
      {!part.value && !problem.value && <p class="muted">{say(W.loading)}</p>}
      {part.value?.next && page >= pages && (
        <p class="row">
          <button type="button" onClick={() => ask({ filters: { ...filters, before: part.peek()?.next ?? '' } })}>
            {say(W.older)}
          </button>
        </p>
      )}
      <nav class="pager" aria-label={title}>
        <span role="status">{part.value ? say(W.count, { count: number(part.value.total) }) : ''}</span>
        <span class="grow" />
        <button type="button" disabled={page <= 1} onClick={() => ask({ page: page - 1 })}>
          {say(W.previous)}
        </button>
        <span>{say(W.page, { page, pages })}</span>
        <button type="button" disabled={page >= pages} onClick={() => ask({ page: page + 1 })}>
          {say(W.next)}
        </button>
      </nav>
    </section>
  )
}

const Heading = ({ field, sort, turn }: { field: Field; sort: string; turn(sort: string): void }) => {
  const order = sort === field.name ? 'ascending' : sort === `-${field.name}` ? 'descending' : 'none'
  const wide = field.column === 'wide' ? 'wide' : ''
  if (!field.sort) {
    return (
      <th scope="col" class={wide}>
        {say(field.label)}
      </th>
    )
  }
  return (
    <th scope="col" class={wide} aria-sort={order}>
      <button
        type="button"
        class="heading"
        onClick={() => turn(order === 'ascending' ? `-${field.name}` : field.name)}
      >
        {say(field.label)}
        <span aria-hidden="true">{order === 'ascending' ? ' ▲' : order === 'descending' ? ' ▼' : ''}</span>
      </button>
    </th>
  )
}

/** Behind a ?; nothing where nothing is chosen. */
const asQuery = (chosen: Record<string, string>): string => {
  const all = Object.entries(chosen).filter(([, value]) => value !== '')
  return all.length ? `?${new URLSearchParams(all)}` : ''
}

/** A day is chosen as the moment at which it begins here. */
const Day = ({ field, value, choose }: ChoiceProps) => {
  const begin = (text: string) => {
    const [year, month, day] = text.split('-').map(Number)
    const at = year && month && day && year > 1000 ? new Date(year, month - 1, day) : null
    return at ? at.toISOString() : ''
  }
  const two = (number: number) => String(number).padStart(2, '0')
  const at = value ? new Date(value) : null
  const shown = at ? `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}` : ''
  return (
    <label class="day-filter">
      <span class="muted small">{say(field.label)}</span>
      <input type="date" value={shown} onChange={(event) => choose(begin(event.currentTarget.value))} />
    </label>
  )
}

interface ChoiceProps {
  field: Field
  value: string
  choose(value: string): void
}

const Choice = ({ field, value, choose }: ChoiceProps) => {
  if (field.kind === 'day') return <Day field={field} value={value} choose={choose} />
  const flag = [['true', W.yes], ['false', W.no]] as const
  const choices = field.kind === 'flag' ? flag : (field.choices ?? [])
  return (
    <label>
      <span class="hidden">{say(field.label)}</span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">
          {say(field.label)}: {say(W.all)}
        </option>
        {choices.map(([one, text]) => (
          <option key={one} value={one}>
            {field.kind === 'flag' ? `${say(field.label)}: ${say(text)}` : say(text)}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Whose the rows are, when only one's are shown. */
const Of = ({ noun, field, id }: { noun: Noun; field: string; id: string }) => {
  const name = useSignal('')
  const other = find(noun.fields.find((known) => known.name === field)?.of ?? '')
  useEffect(() => {
    if (other) show(other.path, id).then((row: Row) => (name.value = other.called(row)), () => {})
  }, [other, id])
  return (
    <p class="row">
      <span>{say(W.onlyOf, { name: name.value })}</span>
      <a href={`/admin/${noun.path}`}>{say(W.showAll)}</a>
    </p>
  )
}
