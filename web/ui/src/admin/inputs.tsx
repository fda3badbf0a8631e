/** One input for each kind of field. What is typed is kept as the API takes it. */
import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { list, show } from './client.ts'
import { HoursInput } from './hours.tsx'
import type { Field, Row, Value } from './noun.ts'
import { find } from './nouns/index.ts'
import { say } from './text.ts'
import { W } from './words.ts'

interface Props {
  field: Field
  value: Value | undefined
  /** Of the whole thing, for what names others. */
  row: Row
  change(value: Value | undefined): void
  /** What is wrong with it, as the server says. */
  fault?: string | undefined
  /** What somebody else has saved meanwhile. */
  theirs?: string | undefined
}

export const Input = (props: Props) => {
  const { field, value, row, fault, theirs, change } = props
  const id = useId()
  const notes = `${id}-notes`
  const required = field.required === true
  const common = {
    id,
    name: field.name,
    ...(fault ? { 'aria-invalid': true as const } : {}),
    ...(field.help || fault || theirs ? { 'aria-describedby': notes } : {}),
  }
  const aside = (field.help || fault || theirs) && (
    <small id={notes}>
      {field.help && <span class="muted">{say(field.help)} </span>}
      {theirs !== undefined && <span class="warning">{say(W.theirs, { value: theirs || say(W.nobody) })} </span>}
      {fault && (
        <span class="bad" lang="en">
          {fault}
        </span>
      )}
    </small>
  )
  if (field.kind === 'flag') {
    return (
      <label class="switch">
        <input
          {...common}
          type="checkbox"
          role="switch"
          checked={value === true}
          onChange={(event) => change(event.currentTarget.checked)}
        />
        <span>
          {say(field.label)}
          {aside}
        </span>
      </label>
    )
  }
  if (field.kind === 'password' && field.empty && row[`has_${field.name}`] === true) return <Kept {...props} />
  if (field.kind === 'rows') return <Rows {...props} />
  if (field.kind === 'hours') {
    return (
      <fieldset class="field">
        <legend>
          {say(field.label)}
          {required && <span aria-hidden="true"> *</span>}
        </legend>
        <HoursInput value={String(value ?? '')} change={change} />
        {aside}
      </fieldset>
    )
  }
  return (
    <div class="field">
      <label for={id}>
        {say(field.label)}
        {required && <span aria-hidden="true"> *</span>}
      </label>
      {field.kind === 'choice' ? (
        <select {...common} value={String(value ?? '')} required={required} onChange={(event) => change(event.currentTarget.value || (field.empty ? null : undefined))}>
          {(!required || value === undefined || field.empty) && <option value="" />}
          {field.choices?.map(([one, text]) => (
            <option key={one} value={one}>
              {say(text)}
            </option>
          ))}
        </select>
      ) : field.kind === 'ref' ? (
        <Reference {...props} common={common} />
      ) : field.kind === 'lines' ? (
        <textarea {...common} rows={6} required={required} value={String(value ?? '')} onInput={(event) => change(event.currentTarget.value)} />
      ) : (
        <input
          {...common}
          {...attributes(field)}
          required={required}
          value={typed(field, value)}
          onInput={(event) => change(read(field, event.currentTarget.value))}
        />
      )}
      {aside}
    </div>
  )
}

const attributes = (field: Field) => {
  switch (field.kind) {
    case 'number':
      return { type: 'number', inputMode: 'numeric', min: field.min, max: field.max } as const
    case 'email':
      return { type: 'email', maxLength: 254 } as const
    case 'digits':
      return { type: 'text', inputMode: 'numeric', autocomplete: 'off', maxLength: field.max ?? 32 } as const
    case 'password':
      return { type: 'password', autocomplete: 'new-password', maxLength: 512 } as const
    case 'time':
      return { type: 'datetime-local' } as const
    default:
      return { type: 'text', autocomplete: 'off', spellcheck: false, maxLength: field.max ?? 2000 } as const
  }
}

/** As the input shows it. */
const typed = (field: Field, value: Value | undefined): string => {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.join(' ')
  if (field.kind === 'time') {
    const date = new Date(String(value))
    if (Number.isNaN(date.getTime())) return ''
    const here = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
    return here.toISOString().slice(0, 16)
  }
  return String(value)
}

/** As the API takes it; undefined: not at all. */
const read = (field: Field, text: string): Value | undefined => {
  if (field.kind === 'password' && text === '') return undefined
  if (text === '') return field.empty ? null : field.kind === 'number' || field.sent === 'create' ? undefined : ''
  if (field.kind === 'number') return Number(text)
  if (field.kind === 'words') return text.split(/[\s,]+/).filter(Boolean)
  if (field.kind === 'time') {
    const date = new Date(text)
    return Number.isNaN(date.getTime()) ? text : date.toISOString()
  }
  return text
}

type Common = { id: string; name: string }

/** Another thing, found by typing part of its name. */
const Reference = (props: Props & { common: Common }) => {
  const { field, value, row, common } = props
  const noun = find(field.of ?? '')
  const found = useSignal<readonly Row[]>([])
  const text = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  // What is found late is taken into the form as it is then.
  const latest = useRef(props)
  latest.current = props
  const before = useRef(value)
  const called = (one: Row) => noun?.called(one) ?? String(one.id)
  useEffect(() => {
    input.current?.setCustomValidity('')
    const had = before.current
    before.current = value
    let over = false
    const typed = text.peek()
    // Its name is in the row, or has to be asked for.
    const known = field.shows && row[field.name] === value ? row[field.shows] : undefined
    if (typeof known === 'string') text.value = known
    else if (typeof value === 'string' && noun) {
      const name = (one: Row) => {
        if (!over && text.peek() === typed) text.value = called(one)
      }
      show(noun.path, value).then(name, () => {})
    } else if (typeof had === 'string') text.value = ''
    return () => {
      over = true
    }
  }, [value, row[field.name], row[field.shows ?? '']])
  useEffect(() => {
    if (!noun) return
    let over = false
    const timer = setTimeout(() => {
      const only = field.within && typeof row[field.within] === 'string' ? { [field.within]: String(row[field.within]) } : {}
      list(noun.path, { q: text.value.split(' ')[0] ?? '', size: 20, ...only }).then(({ rows }) => {
        if (over) return
        found.value = rows
        // What was typed faster than it was found.
        if (input.current?.validity.customError) take(text.peek())
      }, () => {})
    }, 200)
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [noun, text.value, field.within && row[field.within]])
  const take = (typed: string) => {
    const { field, change } = latest.current
    text.value = typed
    const chosen = found.value.find((one) => called(one) === typed)
    input.current?.setCustomValidity(typed && !chosen ? say(W.choosen) : '')
    if (chosen) change(chosen.id ?? null)
    else if (!typed) change(field.empty ? null : undefined)
  }
  return (
    <>
      <input
        {...common}
        ref={input}
        list={`${common.id}-found`}
        autocomplete="off"
        required={field.required === true}
        placeholder={say(W.choose)}
        value={text.value}
        onInput={(event) => take(event.currentTarget.value)}
      />
      <datalist id={`${common.id}-found`}>
        {found.value.map((one) => (
          <option key={String(one.id)} value={called(one)} />
        ))}
      </datalist>
    </>
  )
}

/** A password that there is already, and need not stay: an empty field leaves it as it is. */
const Kept = (props: Props) => {
  const { field, value, change } = props
  const off = value === null
  return (
    <>
      {!off && <Input {...props} row={{}} />}
      <label class="switch">
        <input name={`no_${field.name}`} type="checkbox" role="switch" checked={off} onChange={(event) => change(event.currentTarget.checked ? null : undefined)} />
        <span>{say(W.without, { name: say(field.label) })}</span>
      </label>
      {off && props.fault && (
        <small class="bad" lang="en">
          {props.fault}
        </small>
      )}
    </>
  )
}

/** Things within the thing, in order. */
const Rows = ({ field, value, row, change, fault, theirs }: Props) => {
  const rows = (Array.isArray(value) ? value : []) as Row[]
  const set = (at: number, one: Row | null) => {
    const next = rows.flatMap((known, place) => (place !== at ? [known] : one ? [one] : []))
    change(next as unknown as Value)
  }
  /** One and the next change places. */
  const swap = (at: number) => {
    const next = [...rows]
    const [one] = next.splice(at, 1)
    next.splice(at + 1, 0, one!)
    change(next as unknown as Value)
  }
  return (
    <fieldset class={field.ordered ? 'field ordered' : 'field'}>
      <legend>{say(field.label)}</legend>
      {field.help && <small class="muted">{say(field.help)}</small>}
      {rows.map((one, at) => (
        <div key={at} class="inner">
          {field.fields?.map((inner) => (
            <Input
              key={inner.name}
              field={inner}
              row={{ ...row, ...one }}
              value={one[inner.name] as Value | undefined}
              change={(next) => set(at, { ...one, [inner.name]: next })}
            />
          ))}
          <span class="tools">
            {field.ordered && rows.length > 1 && (
              <>
                <button type="button" disabled={at === 0} aria-label={say(W.up, { name: at + 1 })} onClick={() => swap(at - 1)}>
                  ↑
                </button>
                <button type="button" disabled={at === rows.length - 1} aria-label={say(W.down, { name: at + 1 })} onClick={() => swap(at)}>
                  ↓
                </button>
              </>
            )}
            <button type="button" aria-label={say(W.dropRow, { row: at + 1 })} onClick={() => set(at, null)}>
              ✕
            </button>
          </span>
        </div>
      ))}
      <button
        type="button"
        onClick={() => {
          const fresh = Object.fromEntries((field.fields ?? []).map((inner) => [inner.name, inner.initial]))
          change([...rows, fresh] as unknown as Value)
        }}
      >
        {say(W.row)}
      </button>
      {theirs !== undefined && <small class="warning">{say(W.theirs, { value: theirs })}</small>}
      {fault && (
        <small class="bad" lang="en">
          {fault}
        </small>
      )}
    </fieldset>
  )
}
