/** One thing: made, looked at, changed, deleted. */
import { batch, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Problem } from '../api.ts'
import { listen } from '../live.ts'
import { isReset } from '../loaded.ts'
import { Missing } from '../pages/home.tsx'
import { languageOf } from '../refusals.ts'
import { go } from '../router.ts'
import { Trouble } from '../trouble.tsx'
import { since } from '../typed.ts'
import { Changes } from './changes.tsx'
import * as client from './client.ts'
import { applies, difference, fieldsOf, fresh, isOlder, quarrels, type Typed } from './edits.ts'
import { Inner } from './inner.tsx'
import { Input } from './inputs.tsx'
import type { Action, Field, Noun, Row } from './noun.ts'
import { find, mayChange } from './nouns/index.ts'
import { Once } from './once.tsx'
import { Parts } from './parts.tsx'
import { Shown, written } from './shown.tsx'
import { Sure } from './sure.tsx'
import { say, time } from './text.ts'
import { W } from './words.ts'

type Secrets = Record<string, unknown>

/** What was made up for a thing just now: it outlives the form that it was made by. */
let kept: { id: string; once: Secrets } | null = null

const faultsOf = (error: unknown): Record<string, string> => {
  const errors = error instanceof Problem ? error.data.errors : null
  const all = (Array.isArray(errors) ? errors : []) as { field?: string | null; detail?: string }[]
  return Object.fromEntries(all.flatMap(({ field, detail }) => (field && detail ? [[field, detail]] : [])))
}

export const Thing = ({ noun, id }: { noun: Noun; id: string | null }) => {
  const row = useSignal<Row | null>(null)
  const typed = useSignal<Typed>(id ? {} : fresh(noun))
  const problem = useSignal('')
  const gone = useSignal(false)
  /** It is being deleted: whether it is still there is no question then. */
  const leaving = useRef(false)
  const again = useRef(() => {})
  useEffect(() => {
    if (!id) return
    let asked = 0
    const load = () => {
      if (leaving.current) return
      const mine = ++asked
      client.show(noun.path, id).then(
        // What is being typed is based on what was seen: the server will say that it changed.
        (found) => {
          if (mine !== asked) return
          if (Object.keys(typed.peek()).length === 0 && !isOlder(found, row.peek())) row.value = found
          problem.value = ''
        },
        (error: Error) => {
          if (mine !== asked || leaving.current) return
          if (error instanceof Problem && error.status === 404) gone.value = true
          else problem.value = error.message
        },
      )
    }
    leaving.current = false
    again.current = load
    load()
    const timer = noun.refresh ? setInterval(load, noun.refresh * 1000) : undefined
    const end = listen((news) => isReset(news) && load())
    return () => {
      clearInterval(timer)
      end()
    }
  }, [noun, id])
  if (gone.value) return <Missing />
  const title = id ? (row.value ? noun.called(row.value) : '…') : say(W.addOne, { one: say(noun.one) })
  return (
    <section class="panel" aria-labelledby="thing-title">
      <p class="row">
        <a href={`/admin/${noun.path}`}>‹ {say(noun.title)}</a>
      </p>
      <h1 id="thing-title">
        {id && <span class="muted">{say(noun.one)} </span>}
        {title}
      </h1>
      <Trouble text={problem.value} />
      {id && !row.value && !problem.value && <p class="muted">{say(W.loading)}</p>}
      {(!id || row.value) && <Form noun={noun} row={row.value} typed={typed} take={(now) => (row.value = now)} />}
      {row.value && noun.extra && <noun.extra noun={noun} row={row.value} again={() => again.current()} />}
      {row.value && <Parts noun={noun} row={row.value} />}
      {row.value && <More noun={noun} row={row.value} leave={(now) => (leaving.current = now)} again={() => again.current()} />}
    </section>
  )
}

interface FormProps {
  noun: Noun
  row: Row | null
  typed: { value: Typed; peek(): Typed }
  take(row: Row): void
}

const Form = ({ noun, row, typed, take }: FormProps) => {
  const busy = useSignal(false)
  const said = useSignal<{ text: string; bad: boolean } | null>(null)
  const faults = useSignal<Record<string, string>>({})
  const theirs = useSignal<Record<string, string>>({})
  const once = useSignal<Secrets | null>(kept && row && kept.id === row.id ? kept.once : null)
  const form = useRef<HTMLFormElement>(null)
  const fields = fieldsOf(noun, row).filter((field) => applies(field, row, typed.value))
  const writes = mayChange(noun) && (row ? noun.edit === true : noun.create === true)
  const body = difference(noun, row, typed.value)
  const dirty = Object.keys(body).length > 0

  // When they are painted.
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus(), [faults.value])

  const refused = (error: unknown) => {
    const current = error instanceof Problem && error.status === 412 ? (error.data.current as Row | null | undefined) : null
    batch(() => {
      faults.value = faultsOf(error)
      if (current && row) {
        const quarrel = quarrels(noun, row, current, typed.peek())
        theirs.value = Object.fromEntries(quarrel.map((field) => [field.name, written(field, current[field.name])]))
        take(current)
        said.value = { text: say(W.changed), bad: true }
      } else {
        said.value = { text: (error as Error).message, bad: true }
      }
    })
  }
  const save = async () => {
    if (busy.value) return
    busy.value = true
    said.value = null
    const sent = typed.peek()
    try {
      const { row: now, once: secrets } = await (row ? client.edit(noun, row, body) : client.create(noun, body))
      kept = secrets && { id: String(now.id), once: secrets }
      typed.value = since(sent, typed.peek())
      if (!row) return go(`/admin/${noun.path}/${encodeURIComponent(String(now.id))}`, true)
      batch(() => {
        take(now)
        faults.value = {}
        theirs.value = {}
        once.value = secrets
        said.value = { text: say(W.saved, { revision: String(now.row_rev ?? '') }), bad: false }
      })
    } catch (error) {
      refused(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <>
      {once.value && (
        <Once
          secrets={once.value}
          close={() => {
            kept = null
            once.value = null
          }}
        />
      )}
      <form
        ref={form}
        class="form fields"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {fields.map((field) =>
          writes ? (
            <Input
              key={field.name}
              field={field}
              row={row ?? (typed.value as Row)}
              value={Object.hasOwn(typed.value, field.name) ? typed.value[field.name] : row?.[field.name]}
              change={(value) => {
                typed.value = { ...typed.value, [field.name]: value }
                said.value = null
              }}
              fault={faults.value[field.name]}
              theirs={theirs.value[field.name]}
            />
          ) : (
            row && <Fact key={field.name} field={field} row={row} />
          ),
        )}
        {row && noun.fields.some(isKnown) && (
          <dl class="known">
            {noun.fields
              .filter(isKnown)
              .map((field) => (
                <div key={field.name}>
                  <dt>{say(field.label)}</dt>
                  <dd>
                    <Shown field={field} row={row} />
                  </dd>
                </div>
              ))}
          </dl>
        )}
        {writes && (
          <div class="row">
            <button class="primary" disabled={busy.value || (row !== null && !dirty)}>
              {say(row ? W.save : W.make)}
            </button>
            {row && dirty && (
              <button
                type="button"
                onClick={() => {
                  typed.value = {}
                  theirs.value = {}
                  faults.value = {}
                  said.value = null
                }}
              >
                {say(W.takeTheirs)}
              </button>
            )}
          </div>
        )}
        <p role="alert" class={said.value?.bad ? 'bad' : 'good'} lang={languageOf(said.value?.text ?? '')}>
          {said.value?.text}
        </p>
      </form>
    </>
  )
}

/** Whether it is said beside the form: what is large has a place of its own. */
const isKnown = ({ sent, kind, hidden }: Field) => sent === 'never' && !hidden && kind !== 'changes' && kind !== 'table'

const Fact = ({ field, row }: { field: Noun['fields'][number]; row: Row }) =>
  field.kind === 'password' ? null : (
    <p>
      <span class="muted">{say(field.label)}: </span>
      <Shown field={field} row={row} />
    </p>
  )

/** What else there is to one: actions, what belongs to it, its end. */
const More = ({ noun, row, leave, again }: { noun: Noun; row: Row; leave(now: boolean): void; again(): void }) => {
  const asks = useSignal<Action | 'remove' | null>(null)
  const everything = useSignal(false)
  const offered = useSignal(false)
  const busy = useSignal(false)
  const problem = useSignal('')
  const once = useSignal<Secrets | null>(null)
  const said = useSignal('')
  const name = noun.called(row)
  const close = () => {
    asks.value = null
    problem.value = ''
    everything.value = false
    offered.value = false
  }
  const yes = async () => {
    const what = asks.value
    if (!what || busy.value) return
    busy.value = true
    problem.value = ''
    try {
      if (what === 'remove') {
        leave(true)
        await client.remove(noun, row, everything.value)
        return go(`/admin/${noun.path}`)
      }
      const answer = await client.act(noun, row, what.name)
      // It has another revision now, by which it is changed.
      again()
      const { revision: _, ...secrets } = answer
      // Numbers tell what was done; what was made up is text.
      const told = Object.entries(secrets).filter(([, value]) => typeof value !== 'number')
      once.value = told.length ? Object.fromEntries(told) : null
      said.value = told.length ? '' : say(W.done)
      close()
    } catch (error) {
      leave(false)
      problem.value = (error as Error).message
      // There is something that goes along, or stands in the way.
      if (error instanceof Problem && error.status === 409 && error.kind !== 'breaks-tests') offered.value = true
    } finally {
      busy.value = false
    }
  }
  const action = asks.value
  const changes = mayChange(noun)
  return (
    <>
      {once.value && <Once secrets={once.value} close={() => (once.value = null)} />}
      {noun.related && (
        <p class="row">
          {noun.related.map(({ noun: path, by }) => {
            const other = find(path)
            return (
              other && (
                <a key={path} class="button" href={`/admin/${path}/by/${by}/${encodeURIComponent(String(row.id))}`}>
                  {say(other.title)}
                </a>
              )
            )
          })}
        </p>
      )}
      {noun.fields
        .filter((field) => field.kind === 'changes')
        .map((field) => (
          <Changes key={field.name} value={row[field.name]} row={row} />
        ))}
      {noun.fields
        .filter((field) => field.kind === 'table')
        .map((field) => (
          <Inner key={field.name} field={field} row={row} />
        ))}
      <p role="status" class="good">
        {said.value}
      </p>
      {changes && (noun.actions?.length || noun.remove) && (
        <div class="row">
          {noun.actions?.map((one) => (
            <button key={one.name} type="button" onClick={() => (asks.value = one)}>
              {say(one.label)}
            </button>
          ))}
          {noun.remove && (
            <button type="button" onClick={() => (asks.value = 'remove')}>
              {say(W.remove)}
            </button>
          )}
        </div>
      )}
      {row.updated_at !== undefined && (
        <p class="muted small">{say(W.revision, { revision: String(row.row_rev ?? ''), time: time(row.updated_at) })}</p>
      )}
      {action && (
        <Sure
          title={action === 'remove' ? say(W.removeSure, { name }) : say(action.label)}
          does={action === 'remove' ? say(W.remove) : say(action.label)}
          problem={problem.value}
          busy={busy.value}
          yes={() => void yes()}
          no={close}
        >
          <p>{action === 'remove' ? (row.row_rev === undefined ? '' : say(W.removeText)) : say(action.sure)}</p>
          {offered.value && (
            <label class="switch">
              <input
                type="checkbox"
                checked={everything.value}
                onChange={(event) => (everything.value = event.currentTarget.checked)}
              />
              <span>{say(W.everything)}</span>
            </label>
          )}
        </Sure>
      )}
    </>
  )
}
