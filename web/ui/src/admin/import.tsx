/** A static directory is chosen, looked at, and taken over. Nothing is written before somebody has seen what would be. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Problem } from '../api.ts'
import { languageOf } from '../refusals.ts'
import { fetchAt, postAt } from './client.ts'
import { offer } from './download.ts'
import { LARGEST, isOne, mainOf, pathOf, secretsOf, sizeOf, type Job, type Report, type Sent } from './import-files.ts'
import { Found } from './import-report.tsx'
import { number, say } from './text.ts'
import { I } from './words-import.ts'
import { W } from './words.ts'

/** So often it is asked how far it is, in milliseconds. */
const EVERY = 250

interface Chosen {
  files: Sent[]
  main: string
  domain: string
  variables: { name: string; value: string }[]
}

const NOTHING: Chosen = { files: [], main: '', domain: '', variables: [] }

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export const Import = () => {
  const chosen = useSignal<Chosen>(NOTHING)
  /** What is at work, and how far. */
  const at = useSignal<{ dry: boolean; percent: number } | null>(null)
  /** What a look at it found; null: nobody has looked at just this. */
  const looked = useSignal<Report | null>(null)
  const done = useSignal<Report | null>(null)
  const problem = useSignal('')
  const over = useRef(false)
  const result = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    over.current = false
    return () => {
      over.current = true
    }
  }, [])
  useEffect(() => result.current?.focus(), [looked.value, done.value])
  const change = (what: Partial<Chosen>) => {
    chosen.value = { ...chosen.value, ...what }
    // What was looked at is not what is there now.
    looked.value = null
    problem.value = ''
  }
  const take = async (list: FileList | null) => {
    const files = await Promise.all(
      [...(list ?? [])].filter((file) => isOne(pathOf(file))).map(async (file) => ({ path: pathOf(file), text: await file.text() })),
    )
    done.value = null
    change({ files, main: mainOf(files) })
    if (files.length === 0) problem.value = say(I.noFiles)
    else if (sizeOf(files) > LARGEST) problem.value = say(I.tooLarge)
  }
  const run = async (dry: boolean) => {
    if (at.peek()) return
    problem.value = ''
    at.value = { dry, percent: 0 }
    try {
      const { files, main, domain, variables } = chosen.peek()
      const given = variables.filter(({ name }) => name.trim())
      let job = await postAt<Job>('imports', { files, main, domain: domain.trim() || null, variables: given, dry_run: dry })
      while (job.state === 'running' && !over.current) {
        at.value = { dry, percent: job.percent }
        await pause(EVERY)
        job = await still(job)
      }
      if (over.current) return
      if (job.state === 'failed') problem.value = job.error ?? ''
      else if (dry) looked.value = job.report
      else {
        done.value = job.report
        chosen.value = NOTHING
        looked.value = null
      }
    } catch (error) {
      problem.value = (error as Error).message
    } finally {
      at.value = null
    }
  }
  const { files } = chosen.value
  return (
    <section class="panel import" aria-labelledby="import-title">
      <h1 id="import-title">{say(I.title)}</h1>
      <p class="muted">{say(I.about)}</p>
      {!done.value && <Choice chosen={chosen.value} change={change} take={take} busy={at.value !== null} />}
      {!done.value && files.length > 0 && (
        <div class="row">
          <button type="button" class={looked.value ? '' : 'primary'} disabled={at.value !== null || sizeOf(files) > LARGEST} onClick={() => void run(true)}>
            {say(looked.value ? I.lookAgain : I.look)}
          </button>
        </div>
      )}
      {at.value && (
        <p class="working">
          <progress max={100} value={at.value.percent} aria-label={say(at.value.dry ? I.looking : I.importing)} />
          <span role="status">
            {say(at.value.dry ? I.looking : I.importing)} {at.value.percent} %
          </span>
        </p>
      )}
      {problem.value && (
        <p class="bad break" role="alert" lang={languageOf(problem.value)}>
          {problem.value}
        </p>
      )}
      {looked.value && !at.value && (
        <>
          <h2 tabIndex={-1} ref={result}>
            {say(I.would)}
          </h2>
          <Found report={looked.value} done={false} />
          {looked.value.created > 0 ? (
            <div class="row">
              <button type="button" class="primary" onClick={() => void run(false)}>
                {say(I.run, { count: number(looked.value.created) })}
              </button>
              <button type="button" onClick={() => change(NOTHING)}>
                {say(W.cancel)}
              </button>
            </div>
          ) : (
            <p>{say(I.nothing)}</p>
          )}
        </>
      )}
      {done.value && <Done report={done.value} title={result} again={() => (done.value = null)} />}
    </section>
  )
}

/** How far it is; a moment without network is no end. */
const still = async (job: Job): Promise<Job> => {
  try {
    return await fetchAt<Job>(`imports/${job.id}`)
  } catch (error) {
    if (error instanceof Problem && (error.status === 0 || error.status >= 500 || error.status === 429)) return job
    throw error
  }
}

interface ChoiceProps {
  chosen: Chosen
  busy: boolean
  change(what: Partial<Chosen>): void
  take(list: FileList | null): Promise<void>
}

const Choice = ({ chosen, busy, change, take }: ChoiceProps) => {
  const { files, main, domain, variables } = chosen
  const set = (at: number, what: { name?: string; value?: string }) =>
    change({ variables: variables.map((one, place) => (place === at ? { ...one, ...what } : one)) })
  return (
    <fieldset class="form fields plain" disabled={busy}>
      <legend class="hidden">{say(I.what)}</legend>
      <div class="field">
        <label for="import-folder">{say(I.folder)}</label>
        <input id="import-folder" type="file" {...{ webkitdirectory: true }} onChange={(event) => void take(event.currentTarget.files)} />
        <small class="muted">{say(I.folderHelp)}</small>
      </div>
      <div class="field">
        <label for="import-files">{say(I.files)}</label>
        <input id="import-files" type="file" accept=".xml" multiple onChange={(event) => void take(event.currentTarget.files)} />
      </div>
      {files.length > 0 && (
        <>
          <p role="status">{say(I.chosen, { count: number(files.length) })}</p>
          <div class="field">
            <label for="import-main">{say(I.main)}</label>
            <select id="import-main" value={main} onChange={(event) => change({ main: event.currentTarget.value })}>
              {files.map(({ path }) => (
                <option key={path} value={path}>
                  {path}
                </option>
              ))}
            </select>
            <small class="muted">{say(I.mainHelp)}</small>
          </div>
          <div class="field">
            <label for="import-domain">{say(I.domain)}</label>
            <input id="import-domain" value={domain} autocomplete="off" maxLength={253} onInput={(event) => change({ domain: event.currentTarget.value })} />
            <small class="muted">{say(I.domainHelp)}</small>
          </div>
          <fieldset class="field">
            <legend>{say(I.variables)}</legend>
            <small class="muted">{say(I.variablesHelp)}</small>
            {variables.map((one, at) => (
              <div key={at} class="inner">
                <div class="field">
                  <label for={`variable-${at}`}>{say(I.name)}</label>
                  <input id={`variable-${at}`} value={one.name} autocomplete="off" onInput={(event) => set(at, { name: event.currentTarget.value })} />
                </div>
                <div class="field">
                  <label for={`value-${at}`}>{say(I.value)}</label>
                  <input id={`value-${at}`} value={one.value} autocomplete="off" onInput={(event) => set(at, { value: event.currentTarget.value })} />
                </div>
                <button type="button" aria-label={say(W.dropRow, { row: at + 1 })} onClick={() => change({ variables: variables.filter((_, place) => place !== at) })}>
                  ✕
                </button>
              </div>
            ))}
            <button type="button" onClick={() => change({ variables: [...variables, { name: '', value: '' }] })}>
              {say(W.row)}
            </button>
          </fieldset>
        </>
      )}
    </fieldset>
  )
}

const Done = ({ report, title, again }: { report: Report; title: preact.RefObject<HTMLHeadingElement | null>; again(): void }) => {
  const secrets = secretsOf(report)
  return (
    <>
      <h2 tabIndex={-1} ref={title} class="good">
        {report.revision === null ? say(I.nothing) : say(I.done, { count: number(report.created), revision: report.revision })}
      </h2>
      {secrets && (
        <div class="once">
          <strong>{say(W.once)}</strong>
          <p>{say(I.secrets)}</p>
          <button type="button" class="primary" onClick={() => offer('passwords.csv', 'text/csv', secrets)}>
            {say(I.save)}
          </button>
        </div>
      )}
      <Found report={report} done />
      <div class="row">
        <a class="button" href="/admin/extensions">
          {say(I.see)}
        </a>
        <button type="button" onClick={again}>
          {say(I.another)}
        </button>
      </div>
    </>
  )
}
