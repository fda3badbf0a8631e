import { me } from '../api.ts'
import { t } from '../i18n.ts'

export const Home = () => {
  const channels = me.value?.channels ?? []
  return (
    <section class="narrow">
      <h1>{t('home.title')}</h1>
      {channels.length === 0 && <p>{t('home.none')}</p>}
      <ul class="cards">
        {channels.map((channel) => (
          <li key={channel.id}>
            <a class="card" href={`/extensions/${channel.id}`}>
              <strong>{t('home.open', { number: channel.number })}</strong>
              <span>
                {channel.name} · {channel.domain}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

export const Missing = () => (
  <section class="narrow">
    <h1>{t('missing.title')}</h1>
    <p>{t('missing.text')}</p>
    <p>
      <a href="/">{t('app.start')}</a>
    </p>
  </section>
)
