/** Whether the route tests hold: asked for by a button above their list, told test by test. */
import { useSignal } from '@preact/signals'
import { Trouble } from '../trouble.tsx'
import { postAt } from './client.ts'
import { number, say } from './text.ts'
import { W } from './words.ts'

interface Checked {
  ok: boolean
  failed: number
  tests: { domain: string; test: string; failure: string | null }[]
  /** Calls for help that nobody would hear. */
  warnings: string[]
}

export const Check = () => {
  const found = useSignal<Checked | null>(null)
  const busy = useSignal(false)
  const problem = useSignal('')
  const run = async () => {
    if (busy.peek()) return
    busy.value = true
    problem.value = ''
    try {
      found.value = await postAt<Checked>('check')
    } catch (error) {
      found.value = null
      problem.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }
  const { ok, failed, tests, warnings } = found.value ?? { ok: true, failed: 0, tests: [], warnings: [] }
  return (
    <section aria-label={say(W.runChecks)}>
      <div class="row">
        <button type="button" disabled={busy.value} onClick={() => void run()}>
          {say(W.runChecks)}
        </button>
        <span role="status" class={ok ? 'good' : 'bad'}>
          {found.value && (tests.length === 0 ? say(W.noTests) : ok ? say(W.allHold, { count: number(tests.length) }) : say(W.someFail, { failed: number(failed), count: number(tests.length) }))}
        </span>
      </div>
      <Trouble text={problem.value} />
      {warnings.map((text) => (
        <p key={text} class="warning break">
          {text}
        </p>
      ))}
      {tests.length > 0 && (
        <ul class="checked">
          {tests.map(({ domain, test, failure }) => (
            <li key={`${domain} ${test}`} class={failure === null ? 'good' : 'bad'}>
              <span class="mark" aria-hidden="true">
                {failure === null ? '✓' : '✗'}
              </span>{' '}
              <span class="hidden">{say(failure === null ? W.holds : W.fails)} </span>
              <span class="break">
                {test} <span class="muted">{domain}</span>
                {failure !== null && <strong class="block">{failure}</strong>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
