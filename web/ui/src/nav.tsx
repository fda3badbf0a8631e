/** The way from page to page. */
import { me } from './api.ts'
import { t, type Key } from './i18n.ts'
import { route, type Route } from './router.ts'

interface Entry {
  href: string
  text: Key
  /** The pages behind it. */
  pages: readonly Route['page'][]
  /** Who has it. */
  shown(): boolean
}

/** The API is who refuses the others; this only spares them the sight. */
export const isAdministrator = () => /^(domain-)?administrator$/.test(me.value?.user?.role ?? '')

const hasExtension = () => (me.value?.channels.length ?? 0) > 0

const ENTRIES: readonly Entry[] = [
  { href: '/', text: 'nav.phone', pages: ['home', 'extension'], shown: hasExtension },
  { href: '/calls', text: 'nav.calls', pages: ['calls'], shown: hasExtension },
  { href: '/lines', text: 'nav.lines', pages: ['lines'], shown: hasExtension },
  { href: '/voicemail', text: 'nav.voicemail', pages: ['voicemail'], shown: hasExtension },
  { href: '/forwards', text: 'nav.forwards', pages: ['forwards'], shown: hasExtension },
  { href: '/admin', text: 'nav.admin', pages: ['admin'], shown: isAdministrator },
]

export const Nav = () => {
  const entries = me.value?.must_change_password ? [] : ENTRIES.filter((entry) => entry.shown())
  if (!me.value || entries.length === 0) return null
  return (
    <nav class="nav" aria-label={t('nav.label')}>
      {entries.map(({ href, text, pages }) => (
        <a key={href} href={href} {...(pages.includes(route.value.page) ? { 'aria-current': 'page' as const } : {})}>
          {t(text)}
        </a>
      ))}
    </nav>
  )
}

/** What the browser's own list of pages calls it. */
export const titleOf = ({ page }: Route): string => {
  const entry = ENTRIES.find((known) => known.pages.includes(page))
  return entry ? `${t(entry.text)} · ${t('app.name')}` : t('app.name')
}
