import { useSignal } from '@preact/signals'
import { focus } from '../focus.ts'
import { duration, many, moment, t } from '../i18n.ts'
import { isReset, useLoaded } from '../loaded.ts'
import type { News } from '../live.ts'
import {
  changePin,
  deleteMessage,
  mailboxes,
  markMessage,
  messages,
  soundOf,
  type MailboxOf,
  type Message,
} from '../mine.ts'
import { Trouble } from '../trouble.tsx'
import { Form } from './form.tsx'

/** So long after a page was loaded it is again: a message that nobody told of comes to light all the same. */
const REFRESH = 60_000

export const Voicemail = () => {
  const loaded = useLoaded('mailboxes', mailboxes, isReset)
  const all = loaded.data.value
  return (
    <section class="page">
      <h1>{t('voicemail.title')}</h1>
      {all && all.mailboxes.length > 0 && all.code && <p class="muted">{t('voicemail.text', { code: all.code })}</p>}
      <Trouble text={loaded.problem.value} />
      {!all && !loaded.problem.value && <p class="muted">{t('app.loading')}</p>}
      {all?.mailboxes.length === 0 && <p>{t('voicemail.nomailbox')}</p>}
      {all?.mailboxes.map((one) => (
        <Mailbox key={one.channel} one={one} />
      ))}
    </section>
  )
}

/** Whether such news may be of a message: its extension is told of when one is left or heard. */
export const concerns =
  ({ number, domain }: MailboxOf) =>
  (news: News): boolean =>
    'reset' in news || news.changes.some((change) => change.number === number && change.domain === domain)

const Mailbox = ({ one }: { one: MailboxOf }) => {
  const page = useSignal(1)
  const said = useSignal('')
  const loaded = useLoaded(one.channel, () => messages(one.channel, page.peek()), concerns(one), REFRESH)
  const found = loaded.data.value
  const pages = found ? Math.max(1, Math.ceil(found.total / found.size)) : 1
  const turn = (to: number) => {
    page.value = to
    void loaded.load()
  }
  // The last page emptied while it was looked at.
  if (found && found.page > pages && page.peek() > pages) turn(pages)
  const title = `mailbox-${one.channel}`
  return (
    <section class="panel" aria-labelledby={title}>
      <h2 id={title}>
        {one.name || one.number} <span class="muted">{one.number}</span>
      </h2>
      <Trouble text={loaded.problem.value} />
      <p class="muted" role="status">
        {said.value ||
          (found ? `${many('voicemail.count', found.total)}, ${many('voicemail.new', found.new)}` : t('app.loading'))}
      </p>
      <ul class="rows">
        {found?.messages.map((message) => (
          <One
            key={message.id}
            channel={one.channel}
            message={message}
            changed={(text) => {
              said.value = text
              void loaded.load()
            }}
          />
        ))}
      </ul>
      {pages > 1 && (
        <nav class="pager" aria-label={t('voicemail.title')}>
          <span class="grow" />
          <button type="button" disabled={page.value <= 1} onClick={() => turn(page.value - 1)}>
            {t('table.previous')}
          </button>
          <span>{t('table.page', { page: page.value, pages })}</span>
          <button type="button" disabled={page.value >= pages} onClick={() => turn(page.value + 1)}>
            {t('table.next')}
          </button>
        </nav>
      )}
      <Pin one={one} />
    </section>
  )
}

interface OneProps {
  channel: string
  message: Message
  changed(said: string): void
}

const One = ({ channel, message, changed }: OneProps) => {
  const asking = useSignal(false)
  const busy = useSignal(false)
  const problem = useSignal('')
  const who = message.name && message.name !== message.number ? message.name : message.number || t('voicemail.nobody')
  const about = { name: who, time: moment(message.left) }
  const act = async (work: () => Promise<void>, said: string) => {
    if (busy.value) return
    busy.value = true
    problem.value = ''
    try {
      await work()
      changed(said)
    } catch (error) {
      problem.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }
  const mark = (isNew: boolean) => act(() => markMessage(channel, message.id, isNew), '')
  return (
    <li class={message.new ? 'message new' : 'message'}>
      <div class="bar">
        <div class="grow break">
          <strong>{who}</strong> {who !== message.number && <span class="muted">{message.number}</span>}{' '}
          {message.new && <span class="tag">{t('voicemail.isnew')}</span>}{' '}
          {message.urgent && <span class="tag urgent">{t('voicemail.urgent')}</span>}
        </div>
        <span class="muted small">
          <time dateTime={message.left}>{about.time}</time> · {duration(message.seconds * 1000)}
        </span>
      </div>
      <audio
        controls
        preload="none"
        src={soundOf(channel, message.id)}
        aria-label={t('voicemail.play', about)}
        onPlay={() => {
          if (message.new) void mark(false)
        }}
        onError={() => (problem.value = t('voicemail.silent'))}
      />
      <div class="row">
        <button type="button" class="slight" onClick={() => void mark(!message.new)}>
          {t(message.new ? 'voicemail.mark.heard' : 'voicemail.mark.new')}
          <span class="hidden">: {about.name}, {about.time}</span>
        </button>
        <a class="slight" href={soundOf(channel, message.id)} download={`voicemail-${message.left.slice(0, 19).replaceAll(':', '-')}.wav`}>
          {t('voicemail.save')}
          <span class="hidden">: {about.name}, {about.time}</span>
        </a>
        {!asking.value && (
          <button type="button" class="slight" onClick={() => (asking.value = true)}>
            {t('voicemail.delete')}
            <span class="hidden">: {about.name}, {about.time}</span>
          </button>
        )}
        {asking.value && (
          <>
            <button
              type="button"
              class="slight hangup"
              onClick={() => void act(() => deleteMessage(channel, message.id), t('voicemail.deleted'))}
            >
              {t('voicemail.delete.really')}
            </button>
            <button type="button" class="slight" ref={focus} onClick={() => (asking.value = false)}>
              {t('voicemail.keep')}
            </button>
          </>
        )}
      </div>
      <Trouble text={problem.value} />
    </li>
  )
}

const Pin = ({ one }: { one: MailboxOf }) => (
  <details>
    <summary>{t('voicemail.pin')}</summary>
    <Form
      submit={t('voicemail.pin.set')}
      work={async (fields) => {
        await changePin(one.channel, (fields.pin ?? '').trim())
        return t('voicemail.pin.done')
      }}
    >
      <label>
        {t('voicemail.pin.new')}
        <input
          name="pin"
          inputMode="numeric"
          autocomplete="off"
          pattern="[0-9]{4,10}"
          title={t('voicemail.pin.rule')}
          required
          maxLength={10}
        />
        <small class="muted">{t('voicemail.pin.rule')}</small>
      </label>
    </Form>
  </details>
)
