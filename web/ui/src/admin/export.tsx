/** The configuration, taken along: all of it, or a noun as a table. */
import { useSignal } from '@preact/signals'
import { languageOf } from '../refusals.ts'
import { save } from './download.ts'
import type { Noun } from './noun.ts'
import { GROUPS, maySee } from './nouns/index.ts'
import { say } from './text.ts'
import { I } from './words-import.ts'

export const tables = (): Noun[] =>
  GROUPS.flatMap(([, nouns]) => nouns).filter((noun) => maySee(noun) && !noun.fact)

export const Export = () => {
  const busy = useSignal('')
  const problem = useSignal('')
  const fetchIt = async (path: string, name: string) => {
    if (busy.peek()) return
    busy.value = name
    problem.value = ''
    try {
      await save(`/api/v1/${path}`, name)
    } catch (error) {
      problem.value = (error as Error).message
    } finally {
      busy.value = ''
    }
  }
  return (
    <section class="panel" aria-labelledby="export-title">
      <h1 id="export-title">{say(I.exportTitle)}</h1>
      <p class="muted">{say(I.exportAbout)}</p>
      <div class="row">
        <button type="button" class="primary" disabled={busy.value !== ''} onClick={() => void fetchIt('export', 'pbx.json')}>
          {say(I.exportAll)}
        </button>
      </div>
      <h2 id="tables-title">{say(I.tables)}</h2>
      <ul class="rows" aria-labelledby="tables-title">
        {tables().map((noun) => (
          <li key={noun.path} class="line">
            <span class="grow">{say(noun.title)}</span>
            <button
              type="button"
              class="slight"
              disabled={busy.value !== ''}
              aria-label={say(I.csvOf, { name: say(noun.title) })}
              onClick={() => void fetchIt(`export/${noun.path}.csv`, `${noun.path}.csv`)}
            >
              CSV
            </button>
          </li>
        ))}
      </ul>
      <p role="alert" class="bad" lang={languageOf(problem.value)}>
        {problem.value}
      </p>
    </section>
  )
}
