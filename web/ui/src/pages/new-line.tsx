/** What is typed or scanned into a phone: seen once, and gone when this is closed. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n.ts'
import type { Code, NewLine } from '../mine.ts'

const APPS: Record<Code['app'], () => string> = {
  linphone: () => t('lines.code.linphone'),
  'grandstream-wave': () => t('lines.code.grandstream'),
}

export const NewLineView = ({ made, done }: { made: NewLine; done(): void }) => {
  const { phone } = made
  const heading = useRef<HTMLHeadingElement>(null)
  // It is above what was looked at.
  useEffect(() => heading.current?.focus(), [made])
  return (
    <section class="panel once" aria-labelledby="once">
      <h2 id="once" ref={heading} tabIndex={-1}>
        {t('lines.once')}
      </h2>
      <p>{t('lines.once.text')}</p>
      <dl class="facts">
        <Fact name={t('lines.username')} value={phone.username} copied />
        <Fact name={t('lines.password')} value={phone.password} copied />
        <Fact name={t('lines.domain')} value={phone.domain} copied />
        <Fact name={t('lines.server')} value={phone.server ?? t('lines.server.unknown')} />
        {phone.external_server && <Fact name={t('lines.outside')} value={phone.external_server} />}
        <Fact name={t('lines.port')} value={String(phone.port)} />
        <Fact
          name={t('lines.transport')}
          value={phone.tls_port ? t('lines.transport.tls', { port: phone.tls_port }) : t('lines.transport.plain')}
        />
      </dl>
      {made.codes.length > 0 && <Codes made={made} />}
      <div class="row">
        <button type="button" class="primary" onClick={done}>
          {t('lines.done')}
        </button>
      </div>
    </section>
  )
}

const Fact = ({ name, value, copied }: { name: string; value: string; copied?: boolean }) => {
  const did = useSignal(false)
  // Only pages of https have one.
  const clipboard = copied && typeof navigator !== 'undefined' ? navigator.clipboard : undefined
  const copy = () => {
    clipboard?.writeText(value).then(
      () => (did.value = true),
      () => (did.value = false),
    )
  }
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
        {clipboard && (
          <button type="button" class="slight" aria-label={`${t('lines.copy')}: ${name}`} onClick={copy}>
            {t(did.value ? 'lines.copied' : 'lines.copy')}
          </button>
        )}
      </dd>
    </div>
  )
}

const Codes = ({ made }: { made: NewLine }) => {
  const places = [...new Set(made.codes.map((code) => code.place))]
  const apps = [...new Set(made.codes.map((code) => code.app))]
  const place = useSignal(places[0]!)
  const app = useSignal(apps[0]!)
  const code = made.codes.find((one) => one.place === place.value && one.app === app.value)
  return (
    <div class="code">
      <div class="choices">
        <label>
          {t('lines.code')}
          <select value={app.value} onChange={(event) => (app.value = event.currentTarget.value as Code['app'])}>
            {apps.map((one) => (
              <option key={one} value={one}>
                {APPS[one]()}
              </option>
            ))}
          </select>
        </label>
        {places.length > 1 && (
          <label>
            {t('lines.code.place')}
            <select value={place.value} onChange={(event) => (place.value = event.currentTarget.value as Code['place'])}>
              {places.map((one) => (
                <option key={one} value={one}>
                  {t(one === 'inside' ? 'lines.code.inside' : 'lines.code.outside')}
                </option>
              ))}
            </select>
          </label>
        )}
        <p class="small">
          {app.value === 'linphone'
            ? t('lines.code.linphone.text', { minutes: Math.floor(made.codes_end_in / 60) })
            : t('lines.code.grandstream.text')}
        </p>
      </div>
      {code && <Drawn code={code} name={t('lines.code.image', { app: APPS[code.app]() })} />}
    </div>
  )
}

/** Four light modules around it, as the standard asks for; dark on light, whatever the page is. */
const Drawn = ({ code, name }: { code: Code; name: string }) => (
  <svg class="qr" role="img" aria-label={name} viewBox={`-4 -4 ${code.size + 8} ${code.size + 8}`} shape-rendering="crispEdges">
    <path d={code.path} />
  </svg>
)
