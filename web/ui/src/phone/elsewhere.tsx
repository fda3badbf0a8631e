/** Calls that go on while another page is looked at: they ring there too, and are answered there. */
import { useEffect } from 'preact/hooks'
import { Icon } from '../icons.tsx'
import { t } from '../i18n.ts'
import { titleOf } from '../nav.tsx'
import { route } from '../router.ts'
import type { CallView } from '../verto/phone.ts'
import { party } from './bell.ts'
import { Time, phrase } from './call-card.tsx'
import type { Hub } from './hub.ts'
import { phones } from './hubs.ts'
import { ending, useKeys, type Handset } from './keys.ts'

/** All phones here; first the one that is looked at. */
const nearest = (): Handset[] => {
  const where = route.peek()
  const shown = where.page === 'extension' ? where.channel : ''
  const near = ([channel]: readonly [string, Hub]) => (channel === shown ? 0 : 1)
  return [...phones.peek()].sort((a, b) => near(a) - near(b)).map(([, hub]) => hub)
}

export const Elsewhere = () => {
  useKeys(nearest)
  const where = route.value
  const shown = where.page === 'extension' ? where.channel : ''
  const calls = phones.value
    .filter(([channel]) => channel !== shown)
    .flatMap(([channel, hub]) => hub.state.value.calls.map((call) => ({ channel, hub, call })))
  const ringing = calls.find(({ call }) => call.state === 'ringing')?.call
  const newest = calls.at(-1)?.call
  const asked = calls.some(({ call }) => call.id === ending.value)
  useTitle(ringing ? `☎ ${t('call.incoming', { name: party(ringing) })}` : '')
  return (
    <>
      {/* Read aloud: what the calls do. What rings is an alert of its own. */}
      <p class="hidden" role="status">
        {newest && newest.state !== 'ringing' ? phrase(newest) : ''}
      </p>
      {calls
        .filter(({ call }) => call.state !== 'over')
        .map((one) => (
          <One key={one.call.id} {...one} />
        ))}
      {asked && (
        <p class="warning" role="status">
          {t('call.hangup.confirm')}
        </p>
      )}
    </>
  )
}

const One = ({ channel, hub, call }: { channel: string; hub: Hub; call: CallView }) => {
  const rings = call.state === 'ringing'
  return (
    <div class={`elsewhere row ${call.state}`}>
      <span class="grow break" {...(rings ? { role: 'alert' } : {})}>
        <a href={`/extensions/${channel}`}>{phrase(call)}</a>
        {call.name && call.number && <span class="muted"> {call.number}</span>}
      </span>
      {call.muted && <span class="warning">{t('call.muted')}</span>}
      {call.answeredAt > 0 && <Time since={call.answeredAt} />}
      {rings && (
        <button type="button" class="answer" onClick={() => hub.send({ do: 'answer', call: call.id })}>
          <Icon name="call" /> {t('call.answer')}
        </button>
      )}
      <button type="button" class="hangup" onClick={() => hub.send({ do: 'hangUp', call: call.id })}>
        <Icon name="hangup" /> {t(rings ? 'call.decline' : 'call.hangup')}
      </button>
    </div>
  )
}

/** The window's title alternates with what rings, to be seen among tabs. */
const useTitle = (title: string): void => {
  useEffect(() => {
    if (!title) return
    let on = true
    document.title = title
    const timer = setInterval(() => {
      on = !on
      document.title = on ? title : titleOf(route.peek())
    }, 1000)
    return () => {
      clearInterval(timer)
      document.title = titleOf(route.peek())
    }
  }, [title])
}
