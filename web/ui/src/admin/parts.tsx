/** What belongs to a thing, worked on at its page: each change is one of its own. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { listen } from '../live.ts'
import { isReset } from '../loaded.ts'
import * as client from './client.ts'
import type { Typed } from './edits.ts'
import { Input } from './inputs.tsx'
import type { Field, Noun, Part, Row, Value } from './noun.ts'
import { find, mayChange, maySee } from './nouns/index.ts'
import { Shown } from './shown.tsx'
import { number, say } from './text.ts'
import { W } from './words.ts'

/** So many are shown at once. */
const SIZE = 50

export const Parts = ({ noun, row }: { noun: Noun; row: Row }) => (
  <>
    {noun.parts?.map((part) => {
      const other = find(part.noun)
      return other && maySee(other) && <Section key={`${part.noun} ${row.id}`} part={part} noun={other} of={row} />
    })}
  </>
)

/** Those of a part that stand in an order, in it; others as they came. */
export const inOrder = (rows: readonly Row[], order: string | undefined): readonly Row[] =>
  order ? [...rows].sort((a, b) => Number(a[order]) - Number(b[order])) : rows

/** Which places change when one goes up or down: each row with its new place. */
export const moved = (rows: readonly Row[], at: number, by: -1 | 1, order: string): [row: Row, place: number][] => {
  const next = [...rows]
  const [one] = next.splice(at, 1)
  if (!one || at + by < 0 || at + by >= rows.length) return []
  next.splice(at + by, 0, one)
  return next.flatMap((row, place) => (row[order] === place ? [] : [[row, place] as [Row, number]]))
}

interface Props {
  part: Part
  noun: Noun
  /** Whose they are. */
  of: Row
}

const Section = ({ part, noun, of }: Props) => {
  const found = useSignal<client.Part | null>(null)
  const page = useSignal(1)
  const busy = useSignal(false)
  const problem = useSignal('')
  const said = useSignal('')
  const { by, order } = part
  const id = String(of.id)
  const asked = useRef(0)
  const load = async () => {
    const mine = ++asked.current
    try {
      const sort = order ? { size: 1000 } : { size: SIZE, page: page.peek() }
      const part = await client.list(noun.path, { [by]: id, ...sort })
      // A later answer was there first, and is newer.
      if (mine !== asked.current) return
      found.value = part
      // The last of a page went.
      if (found.peek()?.rows.length === 0 && page.peek() > 1) page.value -= 1
    } catch (error) {
      if (mine === asked.current) problem.value = (error as Error).message
    }
  }
  useEffect(() => {
    void load()
    return listen((news) => isReset(news) && void load())
  }, [noun, id, page.value])
  const work = async (what: () => Promise<unknown>, done: string): Promise<boolean> => {
    if (busy.peek()) return false
    busy.value = true
    problem.value = said.value = ''
    try {
      await what()
      said.value = done
      return true
    } catch (error) {
      problem.value = (error as Error).message
      return false
    } finally {
      await load()
      busy.value = false
    }
  }
  const rows = inOrder(found.value?.rows ?? [], order)
  const total = found.value?.total ?? 0
  const pages = order ? 1 : Math.max(1, Math.ceil(total / SIZE))
  const columns = noun.fields.filter((field) => field.column === true && field.name !== by)
  const changes = mayChange(noun)
  const title = say(part.title)
  const heading = `part-${noun.path}`
  const move = (at: number, step: -1 | 1) =>
    work(async () => {
      for (const [row, place] of moved(rows, at, step, order ?? '')) await client.edit(noun, row, { [order ?? '']: place })
    }, say(W.done))
  return (
    <section class="part" aria-labelledby={heading}>
      <h2 id={heading}>
        {title} {total > 0 && <span class="muted">{number(total)}</span>}
      </h2>
      {part.about && <p class="muted small">{say(part.about)}</p>}
      {found.value && rows.length === 0 && <p class="muted">{say(W.noPart)}</p>}
      {rows.length > 0 && (
        <ol class={order ? 'things ordered' : 'things'} aria-labelledby={heading} aria-busy={busy.value}>
          {rows.map((row, at) => (
            <li key={String(row.id)}>
              <Facts columns={columns} row={row} />
              {changes && (
                <Tools
                  name={`${title} ${at + 1}`}
                  up={order && at > 0 ? () => void move(at, -1) : undefined}
                  down={order && at < rows.length - 1 ? () => void move(at, 1) : undefined}
                  drop={noun.remove ? () => void work(() => client.remove(noun, row, false), say(W.done)) : undefined}
                />
              )}
            </li>
          ))}
        </ol>
      )}
      {pages > 1 && (
        <nav class="pager" aria-label={title}>
          <button type="button" disabled={page.value <= 1} onClick={() => (page.value -= 1)}>
            {say(W.previous)}
          </button>
          <span>{say(W.page, { page: page.value, pages })}</span>
          <button type="button" disabled={page.value >= pages} onClick={() => (page.value += 1)}>
            {say(W.next)}
          </button>
        </nav>
      )}
      {changes &&
        noun.create &&
        total < (part.most ?? Infinity) &&
        part.add.map((names) => (
          <Add
            key={names.join(' ')}
            fields={noun.fields.filter(({ name }) => names.includes(name))}
            of={of}
            add={(typed) => {
              const same = Object.fromEntries((part.same ?? []).map((name) => [name, of[name] ?? null]))
              const last = rows.at(-1)
              const place = order ? { [order]: last ? Number(last[order]) + 1 : 0 } : {}
              return work(() => client.create(noun, { ...same, ...typed, ...place, [by]: id } as client.Body), say(W.done))
            }}
          />
        ))}
      <p role="status" class={problem.value ? 'bad' : 'good'}>
        {problem.value || said.value}
      </p>
    </section>
  )
}

/** What is said of one: that it is not something is not. */
const Facts = ({ columns, row }: { columns: readonly Field[]; row: Row }) => {
  const said = columns.filter((field) => {
    const value = row[field.shows ?? field.name]
    return value !== null && value !== undefined && value !== ''
  })
  return (
    <span class="grow break">
      {said.map((field, at) => {
        const path = field.kind === 'ref' && row[field.name] ? `/admin/${field.of}/${encodeURIComponent(String(row[field.name]))}` : ''
        return (
          <span key={field.name}>
            {at > 0 && ' · '}
            {said.length > 1 || columns.length > 1 ? <span class="muted">{say(field.label)} </span> : null}
            {path && maySee(find(field.of ?? '')!) ? (
              <a href={path}>
                <Shown field={field} row={row} />
              </a>
            ) : (
              <Shown field={field} row={row} />
            )}
          </span>
        )
      })}
    </span>
  )
}

interface ToolsProps {
  name: string
  up: (() => void) | undefined
  down: (() => void) | undefined
  drop: (() => void) | undefined
}

const Tools = ({ name, up, down, drop }: ToolsProps) => (
  <span class="tools">
    {(up || down) && (
      <>
        <button type="button" class="slight" disabled={!up} aria-label={say(W.up, { name })} onClick={up}>
          ↑
        </button>
        <button type="button" class="slight" disabled={!down} aria-label={say(W.down, { name })} onClick={down}>
          ↓
        </button>
      </>
    )}
    {drop && (
      <button type="button" class="slight" aria-label={say(W.drop, { name })} onClick={drop}>
        ✕
      </button>
    )}
  </span>
)

interface AddProps {
  fields: readonly Field[]
  of: Row
  add(typed: Typed): Promise<boolean>
}

const Add = ({ fields, of, add }: AddProps) => {
  const typed = useSignal<Typed>({})
  const form = useRef<HTMLFormElement>(null)
  const has = ({ name }: Field) => typed.value[name] !== undefined && typed.value[name] !== null
  const complete = fields.some(has) && fields.every((field) => !field.required || has(field))
  return (
    <form
      ref={form}
      class="inner"
      onSubmit={async (event) => {
        event.preventDefault()
        const done = await add(typed.peek())
        if (!done) return
        typed.value = {}
        form.current?.querySelector('input')?.focus()
      }}
    >
      {fields.map((field) => (
        <Input
          key={field.name}
          field={{ ...field, required: false }}
          row={{ domain_id: of.domain_id, ...typed.value } as Row}
          value={typed.value[field.name]}
          change={(value: Value | undefined) => (typed.value = { ...typed.value, [field.name]: value })}
        />
      ))}
      <button disabled={!complete}>{say(W.join)}</button>
    </form>
  )
}
