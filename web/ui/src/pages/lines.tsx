import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { focus } from '../focus.ts'
import { moment, t } from '../i18n.ts'
import { useLoaded } from '../loaded.ts'
import { addLine, lines, revokeLine, type AllLines, type Line, type LinesOf, type NewLine } from '../mine.ts'
import type { News } from '../live.ts'
import { Trouble } from '../trouble.tsx'
import { NewLineView } from './new-line.tsx'

/** So long after a page was loaded it is again: that a phone refreshed its registration is no news. */
const REFRESH = 60_000

export const Lines = () => {
  // All presence: a line of one's own may ring for somebody else's number.
  const loaded = useLoaded('lines', lines, (_: News) => true, REFRESH)
  const made = useSignal<NewLine | null>(null)
  const said = useSignal('')
  const all = loaded.data.value
  const again = (text = '') => {
    said.value = text
    void loaded.load()
  }
  return (
    <section class="page">
      <h1>{t('lines.title')}</h1>
      <p class="muted">{t('lines.text')}</p>
      <Trouble text={loaded.problem.value} />
      {said.value && (
        <p class="good" role="status">
          {said.value}
        </p>
      )}
      {!all && !loaded.problem.value && <p class="muted">{t('app.loading')}</p>}
      {all?.extensions.length === 0 && all.lines.length === 0 && <p>{t('home.none')}</p>}
      {made.value && <NewLineView made={made.value} done={() => (made.value = null)} />}
      {all &&
        groups(all).map((group) => (
          <Group
            key={`${group.number}@${group.domain}`}
            group={group}
            most={all.most}
            again={again}
            show={(line) => {
              made.value = line
              again()
            }}
          />
        ))}
    </section>
  )
}

export interface GroupOf {
  number: string
  domain: string
  name: string
  /** None: somebody else’s, for which one has a phone. */
  own: LinesOf | null
  lines: Line[]
}

/** The lines by what they ring for: first one's own extensions. */
export const groups = (all: AllLines): GroupOf[] => {
  const found: GroupOf[] = all.extensions.map((own) => ({
    number: own.number,
    domain: own.domain,
    name: own.name,
    own,
    lines: [],
  }))
  for (const line of all.lines) {
    let group = found.find(({ number, domain }) => number === line.number && domain === line.domain)
    if (!group) found.push((group = { number: line.number, domain: line.domain, name: '', own: null, lines: [] }))
    group.lines.push(line)
  }
  return found
}

interface GroupProps {
  group: GroupOf
  most: number
  again(said?: string): void
  show(made: NewLine): void
}

const Group = ({ group, most, again, show }: GroupProps) => {
  const adding = useSignal(false)
  const title = `lines-${group.number}-${group.domain}`
  const full = group.lines.length >= most
  return (
    <section class="panel" aria-labelledby={title}>
      <h2 id={title}>
        {group.name || group.number} <span class="muted">{group.number}</span>
      </h2>
      {group.lines.length === 0 && <p class="muted">{t('lines.none')}</p>}
      <ul class="rows">
        {group.lines.map((line) => (
          <One key={line.id} line={line} again={again} />
        ))}
      </ul>
      {group.own && full && <p class="muted">{t('lines.full', { most })}</p>}
      {group.own && !full && !adding.value && (
        <div class="row">
          <button type="button" class="primary" onClick={() => (adding.value = true)}>
            {t('lines.add')}
          </button>
        </div>
      )}
      {group.own && adding.value && (
        <Add
          own={group.own}
          close={() => (adding.value = false)}
          show={(made) => {
            adding.value = false
            show(made)
          }}
        />
      )}
    </section>
  )
}

const One = ({ line, again }: { line: Line; again(said?: string): void }) => {
  const asking = useSignal(false)
  const busy = useSignal(false)
  const problem = useSignal('')
  const revoke = async () => {
    if (busy.value) return
    busy.value = true
    problem.value = ''
    try {
      await revokeLine(line.id)
      again(t('lines.revoked', { name: line.username }))
    } catch (error) {
      problem.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }
  return (
    <li>
      <div class="bar">
        <div class="grow">
          <strong class="break">{line.username}</strong>{' '}
          <span class={`state ${line.state}`}>{t(`state.${line.state}`)}</span>
        </div>
        {!asking.value && (
          <button type="button" aria-label={t('lines.revoke.of', { name: line.username })} onClick={() => (asking.value = true)}>
            {t('lines.revoke')}
          </button>
        )}
      </div>
      {(!line.enabled || line.source_acl || line.srtp === 'required') && (
        <p class="muted small">
          {[
            !line.enabled && t('lines.off'),
            line.source_acl && t('lines.from', { networks: line.source_acl }),
            line.srtp === 'required' && t('lines.srtp'),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      )}
      {line.registrations.length === 0 && <p class="muted small">{t('lines.offline')}</p>}
      {line.registrations.map((one) => (
        <p key={`${one.address} ${one.since}`} class="small break">
          {one.agent || '?'} <span class="muted">{one.address}</span>{' '}
          <span class="muted">
            {one.since && one.expires && t('lines.since', { time: moment(one.since), until: moment(one.expires) })}
          </span>
          {one.not_called_because && (
            <span class="warning"> {t('lines.silent', { why: one.not_called_because })}</span>
          )}
        </p>
      ))}
      {asking.value && (
        <div class="row" role="group" aria-label={t('lines.revoke.of', { name: line.username })}>
          <p>{t('lines.revoke.really', { name: line.username })}</p>
          <button type="button" class="hangup" onClick={() => void revoke()}>
            {t('lines.revoke')}
          </button>
          <button type="button" ref={focus} onClick={() => (asking.value = false)}>
            {t('lines.keep')}
          </button>
        </div>
      )}
      <Trouble text={problem.value} />
    </li>
  )
}

interface AddProps {
  own: LinesOf
  close(): void
  show(made: NewLine): void
}

const Add = ({ own, close, show }: AddProps) => {
  const chosen = useSignal(false)
  const busy = useSignal(false)
  const problem = useSignal('')
  const form = useRef<HTMLFormElement>(null)
  const add = async (event: Event) => {
    event.preventDefault()
    if (busy.value || !form.current) return
    const fields = new FormData(form.current)
    const text = (name: string) => String(fields.get(name) ?? '')
    busy.value = true
    problem.value = ''
    try {
      const username = text('line').trim()
      show(
        await addLine({
          channel: own.channel,
          ...(username ? { username } : {}),
          ...(chosen.value ? { password: text('secret') } : {}),
        }),
      )
    } catch (error) {
      problem.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }
  return (
    <form class="form" ref={form} onSubmit={add} autocomplete="off" aria-label={t('lines.add.to', { number: own.number })}>
      <label>
        {t('lines.username')}
        <input
          name="line"
          ref={focus}
          autocapitalize="none"
          spellcheck={false}
          maxLength={64}
          placeholder={t('lines.username.empty')}
        />
      </label>
      <fieldset>
        <legend class="hidden">{t('lines.password')}</legend>
        <label class="choice">
          <input type="radio" name="how" checked={!chosen.value} onChange={() => (chosen.value = false)} />
          {t('lines.password.up')}
        </label>
        <label class="choice">
          <input type="radio" name="how" checked={chosen.value} onChange={() => (chosen.value = true)} />
          {t('lines.password.own')}
        </label>
      </fieldset>
      {chosen.value && (
        <label>
          {t('lines.password')}
          <input name="secret" type="password" autocomplete="off" required minLength={10} maxLength={128} />
          <small class="muted">{t('lines.password.rule')}</small>
        </label>
      )}
      <div class="row">
        <button class="primary" disabled={busy.value}>
          {t('lines.make')}
        </button>
        <button type="button" onClick={close}>
          {t('lines.cancel')}
        </button>
      </div>
      <Trouble text={problem.value} />
    </form>
  )
}
