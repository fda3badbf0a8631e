/** Administration: the menu, and the page that the address names. */
import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { GROUPS, find, isWhole, maySee } from './nouns/index.ts'
import { Missing } from '../pages/home.tsx'
import { Explain } from './explain.tsx'
import { Export } from './export.tsx'
import { Force } from './force.tsx'
import { Import } from './import.tsx'
import { List } from './list.tsx'
import { Overview } from './overview.tsx'
import { say, type Text } from './text.ts'
import { Thing } from './thing.tsx'
import { E } from './words-explain.ts'
import { I } from './words-import.ts'
import { W } from './words.ts'

interface Tool {
  path: string
  title: Text
  page: ComponentType
  /** Only administrators of the whole PBX have it. */
  whole?: boolean
}

/** Pages that are no noun's. */
const TOOLS: readonly Tool[] = [
  { path: 'explain', title: E.title, page: Explain },
  { path: 'import', title: I.title, page: Import, whole: true },
  { path: 'export', title: I.exportTitle, page: Export },
]

const has = ({ whole }: Tool): boolean => !whole || isWhole()

interface Props {
  /** The address below /admin. */
  rest: readonly string[]
}

export const Admin = ({ rest }: Props) => (
  <div class="admin">
    <Menu at={rest[0] ?? ''} />
    <div class="inside">
      <Page rest={rest} />
    </div>
    <Force />
  </div>
)

const Menu = ({ at }: { at: string }) => {
  const open = useSignal(false)
  useEffect(() => {
    open.value = false
  }, [at])
  const entry = (path: string, title: Text) => (
    <li key={path}>
      <a href={path ? `/admin/${path}` : '/admin'} {...(path === at ? { 'aria-current': 'page' as const } : {})}>
        {say(title)}
      </a>
    </li>
  )
  const title = at === '' ? W.overview : (TOOLS.find(({ path }) => path === at) ?? find(at))?.title
  return (
    <nav class={open.value ? 'menu open' : 'menu'} aria-label={say(W.menu)}>
      {/* Where there is room it is always open, and this is not there. */}
      <button type="button" class="opener" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        <span aria-hidden="true">☰</span> {say(title ?? W.menu)}
      </button>
      <ul>{entry('', W.overview)}</ul>
      {GROUPS.map(([title, nouns]) => (
        <section key={title[0]}>
          <h2>{say(title)}</h2>
          <ul>{nouns.filter(maySee).map((noun) => entry(noun.path, noun.title))}</ul>
        </section>
      ))}
      <section>
        <h2>{say(W.tools)}</h2>
        <ul>{TOOLS.filter(has).map(({ path, title }) => entry(path, title))}</ul>
      </section>
    </nav>
  )
}

const Page = ({ rest }: Props) => {
  const [first = '', second, field, id] = rest
  if (first === '') return <Overview />
  const tool = TOOLS.find(({ path }) => path === first)
  if (tool && has(tool) && rest.length === 1) return <tool.page key={first} />
  const noun = find(first)
  if (!noun || !maySee(noun) || rest.length > 4) return <Missing />
  if (second === undefined || second === '') return <List key={first} noun={noun} />
  if (second === 'by' && field && id) return <List key={rest.join('/')} noun={noun} by={{ field, id }} />
  if (rest.length > 2) return <Missing />
  return <Thing key={rest.join('/')} noun={noun} id={second === 'new' ? null : second} />
}
