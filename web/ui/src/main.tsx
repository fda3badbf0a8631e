import { effect, signal, untracked, useSignal } from '@preact/signals'
import { render } from 'preact'
import { Problem, load, me, signOut } from './api.ts'
import { LOCALES, NAMES, choose, language, t, type Language } from './i18n.ts'
import { startLive } from './live.ts'
import { Nav, isAdministrator, titleOf } from './nav.tsx'
import { Administration } from './pages/administration.tsx'
import { Calls } from './pages/calls.tsx'
import { Extension } from './pages/extension.tsx'
import { Forwards } from './pages/forwards.tsx'
import { Home, Missing } from './pages/home.tsx'
import { Lines } from './pages/lines.tsx'
import { Password } from './pages/password.tsx'
import { SignIn, who } from './pages/sign-in.tsx'
import { Voicemail } from './pages/voicemail.tsx'
import { watchDevices } from './phone/devices.ts'
import { Elsewhere } from './phone/elsewhere.tsx'
import { wasOnline } from './phone/hub.ts'
import { closeHubs, hub } from './phone/hubs.ts'
import { languageOf } from './refusals.ts'
import { go, route, startRouter } from './router.ts'

const App = () => {
  const somebody = me.value
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>{somebody === undefined ? <Waiting /> : somebody ? <Inside /> : <SignIn />}</main>
    </>
  )
}

const Inside = () => {
  const where = route.value
  if (me.value?.must_change_password) return <Password />
  switch (where.page) {
    case 'extension':
      return <Extension channel={where.channel} />
    case 'calls':
      return <Calls />
    case 'lines':
      return <Lines />
    case 'voicemail':
      return <Voicemail />
    case 'forwards':
      return <Forwards />
    case 'admin':
      return <Administration rest={where.rest} />
    case 'password':
      return <Password />
    case 'home':
      return <Home />
    case 'missing':
      return <Missing />
  }
}

/** Why something of the frame did not work. */
const trouble = signal('')

const Waiting = () => <p class="muted narrow">{trouble.value || t('app.loading')}</p>

const Header = () => {
  const busy = useSignal(false)
  return (
    <header class="top">
      <a class="brand" href="/">
        {t('app.name')}
      </a>
      <Nav />
      <span class="grow" />
      <label>
        <span class="hidden">{t('app.language')}</span>
        <select value={language.value} onChange={(event) => choose(event.currentTarget.value)}>
          {(Object.keys(LOCALES) as Language[]).map((one) => (
            <option key={one} value={one} lang={one}>
              {NAMES[one]}
            </option>
          ))}
        </select>
      </label>
      {me.value && (
        <>
          <a href="/password">{who()}</a>
          <button
            type="button"
            disabled={busy.value}
            onClick={() => {
              busy.value = true
              signOut()
                .then(() => (trouble.value = ''))
                .catch((error: Error) => (trouble.value = error.message))
                .finally(() => (busy.value = false))
            }}
          >
            {t('signout')}
          </button>
        </>
      )}
      {me.value && trouble.value && (
        <span class="bad" role="alert" lang={languageOf(trouble.value)}>
          {trouble.value}
        </span>
      )}
      <Elsewhere />
    </header>
  )
}

const begin = async (): Promise<void> => {
  startRouter()
  watchDevices()
  effect(() => {
    document.documentElement.lang = language.value
    document.title = titleOf(route.value)
  })
  let before = route.peek().page
  effect(() => {
    const now = route.value.page
    // Who came by keyboard goes on in the new page, and is told that there is one.
    if (now !== before) document.getElementById('main')?.focus()
    before = now
  })
  let live: (() => void) | null = null
  let user: string | undefined
  effect(() => {
    const now = me.value?.must_change_password ? undefined : me.value?.user?.id
    if (now === user) return
    user = now
    live?.()
    live = now ? startLive(now) : null
    if (!now) closeHubs()
  })
  effect(() => {
    const somebody = me.value
    if (!somebody || somebody.must_change_password) return
    // Whoever was online is, whichever page they come back to.
    untracked(() => somebody.channels.filter(({ id }) => wasOnline(id)).forEach(({ id }) => hub(id)))
  })
  effect(() => {
    const somebody = me.value
    if (route.value.page !== 'home' || !somebody || somebody.must_change_password) return
    const { channels } = somebody
    if (channels.length === 1) go(`/extensions/${channels[0]!.id}`, true)
    // The first administrator has no extension, and comes to make some.
    else if (channels.length === 0 && isAdministrator()) go('/admin', true)
  })
  const root = document.getElementById('app')
  if (!root) return
  render(<App />, root)
  for (;;) {
    try {
      await load()
      trouble.value = ''
      return
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      trouble.value = error.message
      await new Promise((resolve) => setTimeout(resolve, 3_000))
    }
  }
}

void begin()
