import { useSignal } from '@preact/signals'
import { t, type Key } from '../i18n.ts'
import { isReset, useLoaded } from '../loaded.ts'
import { WHEN, changeForwards, forwards, type AllForwards, type ForwardsEdit, type ForwardsOf, type When } from '../mine.ts'
import { languageOf } from '../refusals.ts'
import { Trouble } from '../trouble.tsx'
import { since } from '../typed.ts'

const TEXTS: Record<When, Key> = {
  always: 'forwards.always',
  busy: 'forwards.busy',
  'no-answer': 'forwards.no-answer',
  offline: 'forwards.offline',
}

export const Forwards = () => {
  const loaded = useLoaded('forwards', forwards, isReset)
  const all = loaded.data.value
  const replace = (changed: ForwardsOf) => {
    const now = loaded.data.value
    if (!now) return
    const extensions = now.extensions.map((one) => (one.channel === changed.channel ? changed : one))
    loaded.take({ ...now, extensions })
  }
  return (
    <section class="page">
      <h1>{t('forwards.title')}</h1>
      <p class="muted">{t('forwards.text')}</p>
      <Trouble text={loaded.problem.value} />
      {!all && !loaded.problem.value && <p class="muted">{t('app.loading')}</p>}
      {all?.extensions.length === 0 && <p>{t('home.none')}</p>}
      {all?.extensions.map((one) => (
        <One key={one.channel} one={one} codes={all.codes} replace={replace} />
      ))}
    </section>
  )
}

interface Props {
  one: ForwardsOf
  codes: AllForwards['codes']
  replace(changed: ForwardsOf): void
}

/** What was typed and is not saved, which nothing that is heard of overwrites. */
type Typed = Partial<Record<When | 'ring', string>>

/** What of it differs from what is in force. */
export const difference = (typed: Typed, one: ForwardsOf): ForwardsEdit => {
  const edit: ForwardsEdit = {}
  for (const when of WHEN) {
    const text = typed[when]?.trim()
    if (text !== undefined && text !== (one.forwards[when] ?? '')) edit[when] = text || null
  }
  const ring = typed.ring?.trim()
  if (ring !== undefined && Number(ring) !== one.ring_seconds) edit.ring_seconds = Number(ring)
  return edit
}

const One = ({ one, codes, replace }: Props) => {
  const typed = useSignal<Typed>({})
  const busy = useSignal(false)
  const message = useSignal<{ text: string; bad: boolean } | null>(null)
  const edit = difference(typed.value, one)
  const send = async (what: ForwardsEdit, done: () => void, undo = () => {}) => {
    busy.value = true
    message.value = null
    try {
      replace(await changeForwards(one.channel, what))
      done()
      message.value = { text: t('forwards.saved'), bad: false }
    } catch (error) {
      undo()
      message.value = { text: (error as Error).message, bad: true }
    } finally {
      busy.value = false
    }
  }
  const type = (field: keyof Typed, text: string) => {
    typed.value = { ...typed.value, [field]: text }
    message.value = null
  }
  const code = (name: When | 'dnd') => codes[name] && t('forwards.code', { code: codes[name] })
  const title = `forwards-${one.channel}`
  return (
    <form
      class="panel"
      aria-labelledby={title}
      onSubmit={(event) => {
        event.preventDefault()
        if (busy.value) return
        const sent = typed.peek()
        void send(edit, () => (typed.value = since(sent, typed.peek())))
      }}
    >
      <h2 id={title}>
        {one.name || one.number} <span class="muted">{one.number}</span>
      </h2>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          checked={one.forwards.dnd}
          onChange={(event) => {
            const box = event.currentTarget
            const dnd = box.checked
            void send({ dnd }, () => {}, () => (box.checked = !dnd))
          }}
        />
        <span>
          {t('forwards.dnd')}
          <small class="muted">
            {t('forwards.dnd.text')} {code('dnd')}
          </small>
        </span>
      </label>
      {WHEN.map((when) => (
        <label key={when} class="setting">
          <span>
            {t(TEXTS[when])}
            <small class="muted">{code(when)}</small>
          </span>
          <input
            inputMode="tel"
            autocomplete="off"
            placeholder={t('forwards.off')}
            maxLength={32}
            value={typed.value[when] ?? one.forwards[when] ?? ''}
            onInput={(event) => type(when, event.currentTarget.value)}
          />
        </label>
      ))}
      <label class="setting">
        <span>{t('forwards.rings')}</span>
        <input
          type="number"
          min={5}
          max={600}
          required
          value={typed.value.ring ?? one.ring_seconds}
          onInput={(event) => type('ring', event.currentTarget.value)}
        />
      </label>
      <div class="row">
        <button class="primary" disabled={busy.value || Object.keys(edit).length === 0}>
          {t('forwards.save')}
        </button>
        <p role="alert" class={message.value?.bad ? 'bad' : 'good'} lang={languageOf(message.value?.text ?? '')}>
          {message.value?.text}
        </p>
      </div>
    </form>
  )
}
