/** What happens to a call, and why: asked for, and drawn as the tree of what was looked at. */
import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Trouble } from '../trouble.tsx'
import { list, postAt } from './client.ts'
import { find, maySee } from './nouns/index.ts'
import { say, type Text } from './text.ts'
import { summary, type Step } from './tree.ts'
import { E } from './words-explain.ts'

interface Explained {
  from: string
  to: string
  /** Who transfers it there; null: it is dialled. */
  transferred_by: string | null
  at: string | null
  /** Whose call it is; null: nobody has the number. */
  domain: string | null
  steps: Step[]
  /** The very document that the switch is answered. */
  answer: string
}

export const Explain = () => {
  const from = useSignal('')
  const to = useSignal('')
  const caller = useSignal('')
  const sender = useSignal('')
  const at = useSignal('')
  const busy = useSignal(false)
  const problem = useSignal('')
  const found = useSignal<Explained | null>(null)
  const result = useRef<HTMLHeadingElement>(null)
  useEffect(() => result.current?.focus(), [found.value])
  const comesIn = from.value.trim().startsWith('gateway:')
  const ask = async () => {
    if (busy.peek()) return
    busy.value = true
    problem.value = ''
    try {
      const when = at.peek() ? { at: new Date(at.peek()).toISOString() } : {}
      const who = comesIn && caller.peek().trim() ? { caller: caller.peek().trim() } : {}
      const by = sender.peek().trim() ? { transferred_by: sender.peek().trim() } : {}
      found.value = await postAt<Explained>('explain', { from: from.peek().trim(), to: to.peek().trim(), ...when, ...who, ...by })
    } catch (error) {
      found.value = null
      problem.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }
  return (
    <section class="panel explain" aria-labelledby="explain-title">
      <h1 id="explain-title">{say(E.title)}</h1>
      <p class="muted">{say(E.about)}</p>
      <form
        class="inner"
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
        <Party name="from" label={E.from} value={from.value} required gateways change={(value) => (from.value = value)} />
        {comesIn && (
          <div class="field">
            <label for="explain-caller">{say(E.caller)}</label>
            <input id="explain-caller" value={caller.value} maxLength={40} autocomplete="off" onInput={(event) => (caller.value = event.currentTarget.value)} />
          </div>
        )}
        <div class="field">
          <label for="explain-to">{say(E.to)}</label>
          <input id="explain-to" value={to.value} required maxLength={64} autocomplete="off" placeholder="+4930123456" onInput={(event) => (to.value = event.currentTarget.value)} />
        </div>
        <Party name="transferred_by" label={E.sender} value={sender.value} change={(value) => (sender.value = value)} />
        <div class="field">
          <label for="explain-at">{say(E.at)}</label>
          <input id="explain-at" type="datetime-local" value={at.value} onInput={(event) => (at.value = event.currentTarget.value)} />
        </div>
        <button class="primary" disabled={busy.value}>
          {say(E.ask)}
        </button>
      </form>
      <p class="muted small">{say(E.help, { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}</p>
      <Trouble text={problem.value} />
      {found.value && <Found found={found.value} title={result} />}
    </section>
  )
}

const Found = ({ found, title }: { found: Explained; title: preact.RefObject<HTMLHeadingElement | null> }) => {
  const { yes, no, last } = summary(found.steps)
  return (
    <>
      <h2 ref={title} tabIndex={-1}>
        {found.transferred_by ? say(E.sent, { from: found.from, to: found.to, by: found.transferred_by }) : say(E.call, { from: found.from, to: found.to })}
      </h2>
      <p class="muted small">{say(E.counts, { yes, no })}</p>
      <Branch steps={found.steps} last={last} root />
      <details>
        <summary>{say(E.answer)}</summary>
        <pre class="document">
          <code>{found.answer}</code>
        </pre>
      </details>
    </>
  )
}

const MARKS = { yes: '✓', no: '✗', note: '' } as const
const kindOf = ({ verdict }: Step) => (verdict === null ? 'note' : verdict ? 'yes' : 'no')

interface BranchProps {
  steps: readonly Step[]
  /** What had the last word. */
  last: Step | undefined
  root?: boolean
}

const Branch = ({ steps, last, root = false }: BranchProps) => (
  <ul class={root ? 'tree' : ''}>
    {steps.map((step, at) => {
      const kind = kindOf(step)
      return (
        <li key={at}>
          <span class={`node ${kind}${step === last ? ' end' : ''}`}>
            <span class="mark" aria-hidden="true">
              {MARKS[kind]}
            </span>
            {kind !== 'note' && <span class="hidden">{say(E[kind])} </span>}
            <span class="break">{step.text}</span>
          </span>
          {step.steps.length > 0 && <Branch steps={step.steps} last={last} />}
        </li>
      )
    })}
  </ul>
)

interface PartyProps {
  name: string
  label: Text
  value: string
  required?: boolean
  /** Whether it may be a gateway. */
  gateways?: boolean
  change(value: string): void
}

/** Who calls, or transfers: an extension, or a gateway where it may be one; any line can be typed. */
const Party = ({ name, label, value, required = false, gateways = false, change }: PartyProps) => {
  const id = useId()
  const found = useSignal<readonly (readonly [value: string, text: string])[]>([])
  useEffect(() => {
    const timer = setTimeout(async () => {
      const q = value.split('@')[0] ?? ''
      const noun = gateways ? find('gateways') : undefined
      const [extensions, ways] = await Promise.all([
        list('extensions', { q, size: 20 }),
        noun && maySee(noun) ? list('gateways', { q: q.replace(/^gateway:/, ''), size: 20 }) : { rows: [] },
      ]).catch(() => [{ rows: [] }, { rows: [] }])
      found.value = [
        ...extensions.rows.map((row) => [`${String(row.number)}@${String(row.domain)}`, String(row.caller_id_name ?? '')] as const),
        ...ways.rows.map((row) => [`gateway:${String(row.name)}`, say(E.comesIn)] as const),
      ]
    }, 200)
    return () => clearTimeout(timer)
  }, [value])
  return (
    <div class="field">
      <label for={id}>{say(label)}</label>
      <input id={id} name={name} list={`${id}-found`} value={value} required={required} maxLength={320} autocomplete="off" placeholder={required ? '1001' : ''} onInput={(event) => change(event.currentTarget.value)} />
      <datalist id={`${id}-found`}>
        {found.value.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </datalist>
    </div>
  )
}
