import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { me } from '../api.ts'
import { Icon } from '../icons.tsx'
import { t } from '../i18n.ts'
import { dialable } from '../verto/number.ts'
import { isDialling, party } from './bell.ts'
import { CallCard, phrase } from './call-card.tsx'
import { unplugged } from './devices.ts'
import { Diagnostics } from './diagnostics.tsx'
import type { Hub } from './hub.ts'
import { ending } from './keys.ts'
import { NoNumber, Pad } from './pad.tsx'
import { SoundSettings } from './sound-settings.tsx'
import { unlock } from './tones.ts'

export const Softphone = ({ hub }: { hub: Hub }) => {
  const { link, calls, locked } = hub.state.value
  const online = link === 'ready' || link === 'waiting' || link === 'connecting'
  const ringing = calls.find((call) => call.state === 'ringing')
  useTitle(ringing ? `☎ ${t('call.incoming', { name: party(ringing) })}` : t('app.name'), Boolean(ringing))
  const newest = calls.at(-1)
  return (
    <section class="panel phone" aria-labelledby="phone-title">
      <header class="bar">
        <h2 id="phone-title">{t('phone.title')}</h2>
        <span class={`state ${link === 'ready' ? 'online' : 'offline'}`}>{link === 'ready' ? t('link.ready') : ''}</span>
        <span class="grow" />
        {online && (
          <button type="button" onClick={() => hub.send({ do: 'stop' })}>
            {t('phone.leave')}
          </button>
        )}
      </header>
      {/* Read aloud: what the calls do, and whether they can be made. */}
      <p class="hidden" role="status" aria-live="polite">
        {newest && newest.state !== 'ringing' ? phrase(newest) : ''}
      </p>
      <p class="hidden" role="alert">
        {ringing ? t('call.incoming', { name: party(ringing) }) : ''}
      </p>
      {link !== 'ready' && (
        <p class={link === 'off' ? 'muted' : 'warning'} role="status">
          {t(`link.${link}`)}
        </p>
      )}
      {!online && (
        <button type="button" class="primary" onClick={() => hub.send({ do: 'start' })}>
          {link === 'off' ? t('phone.go') : link === 'punted' ? t('phone.use') : t('phone.retry')}
        </button>
      )}
      {!globalThis.isSecureContext && <p class="bad">{t('phone.insecure')}</p>}
      {online && locked && (
        <p class="warning">
          {t('phone.locked')}{' '}
          {hub.here.value && (
            <button type="button" onClick={() => void unlock()}>
              {t('phone.unlock')}
            </button>
          )}
        </p>
      )}
      {online && !hub.here.value && <p class="muted">{t('phone.elsewhere')}</p>}
      {unplugged.value && (
        <p class="warning" role="status">
          {t('devices.gone')}
        </p>
      )}
      {ending.value && (
        <p class="warning" role="status">
          {t('call.hangup.confirm')}
        </p>
      )}
      {calls.map((call) => (
        <CallCard key={call.id} call={call} others={calls.filter((other) => other !== call)} hub={hub} />
      ))}
      <Dial hub={hub} ready={link === 'ready' && !isDialling(calls)} />
      <SoundSettings />
      <Diagnostics hub={hub} />
      <p class="muted wide">{t('keys.search')}</p>
    </section>
  )
}

const Dial = ({ hub, ready }: { hub: Hub; ready: boolean }) => {
  const number = useSignal('')
  const wrong = useSignal(false)
  const echo = me.value?.codes?.echo
  const write = (typed: string) => {
    number.value = typed
    wrong.value = false
  }
  const dial = (typed: string) => {
    if (!typed.trim() || !ready) return
    const to = dialable(typed)
    wrong.value = !to
    if (!to) return
    hub.send({ do: 'dial', number: to })
    write('')
  }
  return (
    <details class="dial">
      <summary>{t('phone.pad')}</summary>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault()
          dial(number.value)
        }}
      >
        <label class="search">
          <span class="hidden">{t('phone.number')}</span>
          <input
            type="tel"
            inputMode="tel"
            autocomplete="off"
            maxLength={64}
            placeholder={t('phone.number')}
            aria-invalid={wrong.value}
            value={number.value}
            onInput={(event) => write(event.currentTarget.value)}
          />
        </label>
        <button type="button" aria-label={t('phone.erase')} onClick={() => write(number.value.slice(0, -1))}>
          <Icon name="erase" />
        </button>
      </form>
      <NoNumber shown={wrong.value} />
      <Pad press={(digit) => write(number.value + digit)} />
      <div class="row">
        <button type="button" class="primary grow" disabled={!ready} onClick={() => dial(number.value)}>
          <Icon name="call" /> {t('phone.dial')}
        </button>
        {echo && (
          <button type="button" disabled={!ready} onClick={() => dial(echo)}>
            {t('phone.echo')}
          </button>
        )}
      </div>
    </details>
  )
}

/** The window's title; it alternates while something rings, to be seen among tabs. */
const useTitle = (title: string, flash: boolean): void => {
  useEffect(() => {
    document.title = title
    if (!flash) return
    let on = true
    const timer = setInterval(() => {
      on = !on
      document.title = on ? title : t('app.name')
    }, 1000)
    return () => {
      clearInterval(timer)
      document.title = t('app.name')
    }
  }, [title, flash])
}
