/** A change that breaks route tests: which they are is said, and it is made all the same only if somebody says so. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Problem } from '../api.ts'
import { say } from './text.ts'
import { W } from './words.ts'

interface Question {
  tests: readonly string[]
  answer(yes: boolean): void
}

const asked = signal<Question | null>(null)

/** The tests that a refusal names; none: it was refused for something else. */
export const brokenBy = (error: unknown): readonly string[] => {
  if (!(error instanceof Problem) || error.kind !== 'breaks-tests') return []
  const { tests } = error.data
  return Array.isArray(tests) && tests.length > 0 ? tests.map(String) : [error.message]
}

/** Makes a change; and if it breaks tests, once more with force if whoever makes it says so. */
export const unlessBroken = async <T,>(run: (force: boolean) => Promise<T>): Promise<T> => {
  try {
    return await run(false)
  } catch (error) {
    const tests = brokenBy(error)
    if (tests.length === 0) throw error
    const yes = await new Promise<boolean>((answer) => (asked.value = { tests, answer }))
    asked.value = null
    if (yes) return run(true)
    throw new Problem(409, 'breaks-tests', say(W.notForced), 0, (error as Problem).data)
  }
}

/** Where the question is asked. */
export const Force = () => asked.value && <Asked question={asked.value} />

const Asked = ({ question: { tests, answer } }: { question: Question }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class="force" aria-labelledby="force-title" onClose={() => answer(false)}>
      <h2 id="force-title">{say(W.breaks)}</h2>
      <p>{say(W.breaksText)}</p>
      <ul class="bad break">
        {tests.map((test) => (
          <li key={test}>{test}</li>
        ))}
      </ul>
      <p>
        <a href="/admin/route-tests" onClick={() => dialog.current?.close()}>
          {say(W.seeTests)}
        </a>
      </p>
      <div class="row">
        <button type="button" onClick={() => dialog.current?.close()}>
          {say(W.cancel)}
        </button>
        <button type="button" class="hangup" onClick={() => answer(true)}>
          {say(W.force)}
        </button>
      </div>
    </dialog>
  )
}
