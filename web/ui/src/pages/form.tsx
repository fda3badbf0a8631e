/** What the forms share: one try at a time, and a message that is read aloud. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { languageOf } from '../refusals.ts'

interface Props {
  submit: string
  work(fields: Record<string, string>): Promise<string | void>
  children: ComponentChildren
}

export const Form = ({ submit, work, children }: Props) => {
  const busy = useSignal(false)
  const message = useSignal<{ text: string; bad: boolean } | null>(null)
  const send = async (event: Event) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    if (busy.value) return
    busy.value = true
    message.value = null
    try {
      const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]))
      const done = await work(fields)
      form.reset()
      message.value = done ? { text: done, bad: false } : null
    } catch (error) {
      message.value = { text: (error as Error).message, bad: true }
    } finally {
      busy.value = false
    }
  }
  return (
    <form class="form" onSubmit={send}>
      {children}
      <button class="primary" disabled={busy.value}>
        {submit}
      </button>
      <p role="alert" class={message.value?.bad ? 'bad' : 'good'} lang={languageOf(message.value?.text ?? '')}>
        {message.value?.text}
      </p>
    </form>
  )
}

interface FieldProps {
  name: string
  label: string
  type?: 'text' | 'password'
  complete: string
  minLength?: number
}

/** A name is typed as it is; a password is not shown. */
const attributes = (type: 'text' | 'password') =>
  type === 'text' ? ({ type, autocapitalize: 'none', spellcheck: false } as const) : ({ type } as const)

export const Field = ({ name, label, type = 'text', complete, minLength }: FieldProps) => (
  <label>
    {label}
    <input {...attributes(type)} name={name} autocomplete={complete} required {...(minLength ? { minLength } : {})} />
  </label>
)
