/** Administration: the menu, and the page that the address names. */
import { GROUPS, find, maySee } from './nouns/index.ts'
import { Missing } from '../pages/home.tsx'
import { List } from './list.tsx'
import { Overview } from './overview.tsx'
import { say } from './text.ts'
import { Thing } from './thing.tsx'
import { W } from './words.ts'

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
  </div>
)

const Menu = ({ at }: { at: string }) => (
  <nav class="menu" aria-label={say(W.menu)}>
    <ul>
      <li>
        <a href="/admin" {...(at === '' ? { 'aria-current': 'page' as const } : {})}>
          {say(W.overview)}
        </a>
      </li>
    </ul>
    {GROUPS.map(([title, nouns]) => (
      <section key={title[0]}>
        <h2>{say(title)}</h2>
        <ul>
          {nouns.filter(maySee).map((noun) => (
            <li key={noun.path}>
              <a href={`/admin/${noun.path}`} {...(noun.path === at ? { 'aria-current': 'page' as const } : {})}>
                {say(noun.title)}
              </a>
            </li>
          ))}
        </ul>
      </section>
    ))}
  </nav>
)

const Page = ({ rest }: Props) => {
  const [first = '', second, field, id] = rest
  if (first === '') return <Overview />
  const noun = find(first)
  if (!noun || !maySee(noun) || rest.length > 4) return <Missing />
  if (second === undefined || second === '') return <List key={first} noun={noun} />
  if (second === 'by' && field && id) return <List key={rest.join('/')} noun={noun} by={{ field, id }} />
  if (rest.length > 2) return <Missing />
  return <Thing key={rest.join('/')} noun={noun} id={second === 'new' ? null : second} />
}
