import { useSignal } from '@preact/signals'
import { me } from '../api.ts'
import { Icon } from '../icons.tsx'
import { duration, moment, t, type Key } from '../i18n.ts'
import { useLoaded } from '../loaded.ts'
import type { News } from '../live.ts'
import { calls, isMissed, joined, type CallsPage, type OwnCall } from '../mine.ts'
import { isDialling } from '../phone/bell.ts'
import { hub } from '../phone/hubs.ts'
import { go } from '../router.ts'
import { Trouble } from '../trouble.tsx'
import { dialable } from '../verto/number.ts'

/** So long after a page was loaded it is again: a call is written down a moment after it ended. */
const REFRESH = 15_000

/** Calls are what changes presence. */
const concerns = (news: News): boolean =>
  'reset' in news || news.changes.some((change) => me.peek()?.channels.some(({ number, domain }) => change.number === number && change.domain === domain))

export const Calls = () => {
  const loaded = useLoaded('calls', calls, concerns, REFRESH)
  const older = useSignal<CallsPage>({ calls: [], next: null })
  const problem = useSignal('')
  const busy = useSignal(false)
  const found = loaded.data.value && joined(loaded.data.value, older.value.calls, older.value.next)
  const more = async () => {
    const before = found?.next
    if (!before || busy.peek()) return
    busy.value = true
    problem.value = ''
    try {
      const page = await calls(before)
      older.value = { calls: [...(found?.calls ?? []), ...page.calls], next: page.next }
    } catch (error) {
      problem.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }
  const channels = me.value?.channels ?? []
  const isOnline = channels.some(({ id }) => hub(id).state.value.link === 'ready')
  const trouble = loaded.problem.value || problem.value
  return (
    <section class="page">
      <h1 id="calls">{t('calls.title')}</h1>
      <Trouble text={trouble} />
      {!found && !trouble && <p class="muted">{t('app.loading')}</p>}
      {found?.calls.length === 0 && <p class="muted">{t('calls.none')}</p>}
      {found && found.calls.length > 0 && (
        <div class="panel">
          {!isOnline && <p class="muted">{t('calls.offline')}</p>}
          <ul class="rows" aria-labelledby="calls">
            {found.calls.map((call) => (
              <One key={`${call.id} ${call.channel}`} call={call} several={channels.length > 1} />
            ))}
          </ul>
          {found.next && (
            <button type="button" disabled={busy.value} onClick={() => void more()}>
              {t('calls.older')}
            </button>
          )}
        </div>
      )}
    </section>
  )
}

const One = ({ call, several }: { call: OwnCall; several: boolean }) => {
  const { direction, name, number, outcome, seconds, channel } = call
  const phone = me.value?.channels.some(({ id }) => id === channel) ? hub(channel) : null
  const missed = isMissed(call)
  const who = name || number || t('calls.unknown')
  return (
    <li class="past">
      <span class={missed ? 'way bad' : 'way muted'} aria-hidden="true">
        {direction === 'in' ? '↙' : '↗'}
      </span>
      <div class="grow">
        <strong class="break">
          <span class="hidden">{t(direction === 'in' ? 'calls.in' : 'calls.out')} </span>
          {who}
        </strong>{' '}
        {name && <span class="muted">{number}</span>}
        <div class="small">
          <span class={missed ? 'bad' : 'muted'}>
            {missed && outcome !== 'voicemail' ? t('calls.missed') : t(`calls.outcome.${outcome}` as Key)}
            {seconds > 0 && ` · ${duration(seconds * 1000)}`}
          </span>{' '}
          <time class="muted" dateTime={call.began}>
            · {moment(call.began)}
          </time>
          {several && <span class="muted"> · {t('calls.at', { number: call.extension })}</span>}
        </div>
      </div>
      {phone?.state.value.link === 'ready' && dialable(number) && (
        <button
          type="button"
          disabled={isDialling(phone.state.value.calls)}
          aria-label={t('calls.back', { name: who })}
          onClick={() => {
            phone.send({ do: 'dial', number })
            go(`/extensions/${channel}`)
          }}
        >
          <Icon name="call" />
        </button>
      )}
    </li>
  )
}
