import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon } from '../icons.tsx'
import { duration, maybe, milliseconds, percent, t, type Key } from '../i18n.ts'
import { dialable } from '../verto/number.ts'
import type { CallView } from '../verto/phone.ts'
import type { Figures, Levels } from '../verto/quality.ts'
import { isDialling, party } from './bell.ts'
import type { Hub } from './hub.ts'
import { NoNumber, Pad } from './pad.tsx'

const PHRASES: Record<CallView['state'], Key> = {
  new: 'call.out.new',
  requesting: 'call.out.new',
  trying: 'call.out.trying',
  early: 'call.early',
  ringing: 'call.incoming',
  answering: 'call.answering',
  active: 'call.active',
  held: 'call.held',
  recovering: 'call.recovering',
  over: 'call.over',
}

/** What a call does, in a sentence. */
export const phrase = (call: CallView): string => {
  const said = t(PHRASES[call.state], { name: party(call) })
  const why = call.state === 'over' ? reason(call.cause) : ''
  return why ? `${said}: ${why}` : said
}

const reason = (cause: string): string => maybe(`cause.${cause}`) ?? t('cause.other', { cause })

interface Props {
  call: CallView
  others: CallView[]
  hub: Hub
}

export const CallCard = ({ call, others, hub }: Props) => {
  const open = useSignal<'' | 'keypad' | 'transfer'>('')
  const numbers = useSignal(false)
  const { id: name } = call
  const up = call.state === 'active' || call.state === 'held'
  const toggle = (what: 'keypad' | 'transfer') => (open.value = open.value === what ? '' : what)
  return (
    <article class={`call ${call.state}`} aria-label={phrase(call)}>
      <header class="bar">
        <div class="grow">
          <strong class="name">{party(call)}</strong>
          {call.name && call.number && <span class="muted"> {call.number}</span>}
          <p class="said">{phrase(call)}</p>
        </div>
        {call.answeredAt > 0 && call.state !== 'over' && <Time since={call.answeredAt} />}
      </header>
      {up && (
        <p class="row small">
          {call.quality && (
            <button
              type="button"
              class={`slight quality ${call.quality}`}
              aria-expanded={numbers.value}
              onClick={() => (numbers.value = !numbers.value)}
            >
              {t(`quality.${call.quality}`)}
            </button>
          )}
          {call.muted && <span class="warning">{t('call.muted')}</span>}
          {call.digits && <span class="muted">{call.digits.slice(-16)}</span>}
          {call.state === 'active' && hub.here.value && <Loudness call={name} hub={hub} />}
        </p>
      )}
      {up && call.undone && (
        <p class="bad" role="alert">
          {t(call.undone === 'hold' ? 'call.undone.hold' : 'call.undone.transfer')}
        </p>
      )}
      {up && numbers.value && call.figures && <Numbers of={call.figures} />}
      <div class="row">
        {call.state === 'ringing' && (
          <button type="button" class="answer" onClick={() => hub.send({ do: 'answer', call: name })}>
            <Icon name="call" /> {t('call.answer')}
          </button>
        )}
        {up && (
          <>
            <button
              type="button"
              aria-pressed={call.muted}
              onClick={() => hub.send({ do: 'mute', call: name, on: !call.muted })}
            >
              <Icon name={call.muted ? 'mute' : 'microphone'} /> {t('call.mute')}
            </button>
            <button
              type="button"
              disabled={call.busy}
              onClick={() => hub.send({ do: 'hold', call: name, on: call.state !== 'held' })}
            >
              <Icon name={call.state === 'held' ? 'resume' : 'hold'} />{' '}
              {t(call.state === 'held' ? 'call.resume' : 'call.hold')}
            </button>
            <button type="button" aria-expanded={open.value === 'keypad'} onClick={() => toggle('keypad')}>
              <Icon name="keypad" /> {t('call.keypad')}
            </button>
            <button type="button" aria-expanded={open.value === 'transfer'} onClick={() => toggle('transfer')}>
              <Icon name="transfer" /> {t('call.transfer')}
            </button>
          </>
        )}
        {call.state !== 'over' && (
          <button type="button" class="hangup" onClick={() => hub.send({ do: 'hangUp', call: name })}>
            <Icon name="hangup" /> {t(call.state === 'ringing' ? 'call.decline' : 'call.hangup')}
          </button>
        )}
        {call.state === 'over' && (
          <button type="button" onClick={() => hub.send({ do: 'dismiss', call: name })}>
            {t('app.close')}
          </button>
        )}
      </div>
      {up && open.value === 'keypad' && (
        <Pad press={(digits) => hub.send({ do: 'send', call: name, digits })} />
      )}
      {up && open.value === 'transfer' && <Transfer call={call} others={others} hub={hub} />}
    </article>
  )
}

/** How it sounds, as whoever is asked about it wants to know. */
const Numbers = ({ of: { loss, jitter, roundTrip, codec } }: { of: Figures }) => {
  const all: [Key, string | null][] = [
    ['figures.loss', loss === null ? null : percent(loss)],
    ['figures.jitter', milliseconds(jitter)],
    ['figures.trip', roundTrip === null ? null : milliseconds(roundTrip)],
    ['figures.codec', codec],
  ]
  return (
    <dl class="figures small">
      {all.map(([key, value]) => (
        <div key={key}>
          <dt>{t(key)}</dt>
          <dd>{value || t('figures.none')}</dd>
        </div>
      ))}
    </dl>
  )
}

/** At once, or by way of a second call that is spoken on first. */
const Transfer = ({ call, others, hub }: Props) => {
  const number = useSignal('')
  const wrong = useSignal(false)
  const typed = number.value.trim()
  /** Does it with the number, if it is one. */
  const to = (work: (number: string) => void) => {
    const found = dialable(typed)
    wrong.value = !found
    if (found) work(found)
  }
  const partners = others.filter((other) => other.state === 'active' || other.state === 'held')
  return (
    <form
      class="transfer"
      onSubmit={(event) => {
        event.preventDefault()
        if (typed && !call.busy) to((number) => hub.send({ do: 'transfer', call: call.id, number }))
      }}
    >
      <label>
        {t('call.transfer.to')}
        <input
          type="tel"
          autocomplete="off"
          maxLength={64}
          aria-invalid={wrong.value}
          value={number.value}
          onInput={(event) => {
            number.value = event.currentTarget.value
            wrong.value = false
          }}
        />
      </label>
      <NoNumber shown={wrong.value} />
      <div class="row">
        <button class="primary" disabled={!typed || call.busy}>
          {t('call.transfer.now')}
        </button>
        <button
          type="button"
          disabled={!typed || isDialling(others)}
          onClick={() => to((number) => hub.send({ do: 'dial', number }))}
        >
          {t('call.transfer.ask')}
        </button>
        {partners.map((other) => (
          <button
            key={other.id}
            type="button"
            disabled={call.busy}
            onClick={() => hub.send({ do: 'connect', call: call.id, other: other.id })}
          >
            {t('call.connect', { name: party(other) })}
          </button>
        ))}
      </div>
    </form>
  )
}

/** Who is not heard sees whether it is their own microphone. */
const Loudness = ({ call, hub }: { call: string; hub: Hub }) => {
  const now = useSignal<Levels | null>(null)
  useEffect(() => {
    let over = false
    const timer = setInterval(() => {
      void hub.levels(call).then((levels) => {
        if (!over) now.value = levels
      })
    }, 250)
    return () => {
      over = true
      clearInterval(timer)
    }
  }, [call, hub, now])
  const sides: [Key, number | null | undefined][] = [
    ['level.mine', now.value?.mine],
    ['level.theirs', now.value?.theirs],
  ]
  return (
    <>
      {sides.map(([key, level]) =>
        typeof level === 'number' ? (
          <label key={key} class="muted">
            {t(key)} <meter min={0} max={1} value={level} />
          </label>
        ) : null,
      )}
    </>
  )
}

export const Time = ({ since }: { since: number }) => {
  const now = useSignal(Date.now())
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1000)
    return () => clearInterval(timer)
  }, [now])
  return (
    <span class="time" role="timer" aria-live="off">
      {duration(now.value - since)}
    </span>
  )
}
