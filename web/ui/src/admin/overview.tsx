/** The first page: how the PBX is doing. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Trouble } from '../trouble.tsx'
import { Course, Parts } from './charts.tsx'
import { fetchAt } from './client.ts'
import { number, say, time, type Text } from './text.ts'
import { W } from './words.ts'

interface Dashboard {
  version: string
  switch_version: string
  uptime_seconds: number
  domains: number
  extensions: { total: number } & Record<State, number | null>
  registrations: number | null
  calls: number | null
  sessions: number | null
  failed_sign_ins_day: number | null
  bans: number
  mail: { waiting: number; failed: number } | null
  database_bytes: number | null
  disk: { free_bytes: number; total_bytes: number } | null
  backup: { at: string; bytes: number; age_seconds: number } | null
  running: { task: string; percent: number } | null
  warnings: { text: string }[] | null
}

type State = 'online' | 'ringing' | 'busy' | 'offline'
const STATES: readonly State[] = ['online', 'ringing', 'busy', 'offline']
const NAMES: Record<State, Text> = {
  online: ['online', 'online'],
  ringing: ['ringing', 'klingelt'],
  busy: ['busy', 'besetzt'],
  offline: ['offline', 'offline'],
}

/** So often it is asked, and so many answers are kept to show how it went. */
const EVERY = 5_000
const KEPT = 120
/** Older than this a backup needs attention: one is made every day. */
const OLD = 2 * 86_400

/** The legs of calls, while this bundle is there. */
const course: number[] = []

const bytes = (count: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3))
  return `${number(Number((count / 1000 ** power).toFixed(1)))} ${units[power]}`
}

const uptime = (seconds: number): string => {
  const days = Math.floor(seconds / 86_400)
  const rest = `${Math.floor(seconds / 3600) % 24} h ${Math.floor(seconds / 60) % 60} min`
  return days ? say(W.days, { days: number(days), rest }) : rest
}

export const Overview = () => {
  const found = useSignal<Dashboard | null>(null)
  const problem = useSignal('')
  useEffect(() => {
    let over = false
    let timer: ReturnType<typeof setTimeout>
    const load = async () => {
      try {
        const now = await fetchAt<Dashboard>('dashboard')
        if (over) return
        if (now.calls !== null) course.push(now.calls)
        course.splice(0, course.length - KEPT)
        found.value = now
        problem.value = ''
      } catch (error) {
        if (!over) problem.value = (error as Error).message
      }
      if (!over) timer = setTimeout(load, EVERY)
    }
    void load()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [])
  const now = found.value
  return (
    <section class="overview" aria-labelledby="overview-title">
      <h1 id="overview-title">{say(W.overview)}</h1>
      <Trouble text={problem.value} />
      {!now && !problem.value && <p class="muted">{say(W.loading)}</p>}
      {now && <Tiles now={now} />}
    </section>
  )
}

const Tile = ({ title, value, href, bad, children }: { title: Text; value: string; href?: string; bad?: boolean; children?: preact.ComponentChildren }) => (
  <article class="panel tile">
    <h2>{href ? <a href={href}>{say(title)}</a> : say(title)}</h2>
    <p class={bad ? 'value bad' : 'value'}>{value}</p>
    {children}
  </article>
)

const Tiles = ({ now }: { now: Dashboard }) => {
  const { extensions, disk, backup, mail, running, warnings } = now
  const states = STATES.flatMap((state) => {
    const value = extensions[state]
    return value === null ? [] : [{ name: say(NAMES[state]), value, kind: state }]
  })
  const told = states.map(({ name, value }) => `${number(value)} ${name}`).join(', ')
  const full = disk && disk.free_bytes < disk.total_bytes / 10
  return (
    <>
      {warnings && (
        <article class={`panel ${warnings.length ? 'attention' : ''}`}>
          <h2>{say(W.attention)}</h2>
          {warnings.length === 0 && <p class="good">{say(W.fine)}</p>}
          <ul>
            {warnings.map(({ text }) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </article>
      )}
      {running && (
        <article class="panel">
          <h2>{running.task}</h2>
          <progress max={100} value={running.percent} aria-label={running.task} />
        </article>
      )}
      <div class="tiles">
        <Tile title={['Extensions', 'Nebenstellen']} value={number(extensions.total)} href="/admin/extensions">
          <Parts pieces={states} label={told} />
          <p class="muted small">{told}</p>
        </Tile>
        {now.calls !== null && (
          <Tile title={['Legs of calls', 'Gesprächszweige']} value={number(now.calls)}>
            <Course values={course} label={say(W.course, { least: Math.min(...course), most: Math.max(...course) })} />
          </Tile>
        )}
        {now.registrations !== null && <Tile title={['Registered phones', 'Angemeldete Telefone']} value={number(now.registrations)} href="/admin/lines" />}
        {now.sessions !== null && <Tile title={['Signed in', 'Angemeldet']} value={number(now.sessions)} href="/admin/sessions" />}
        {now.failed_sign_ins_day !== null && (
          <Tile title={['Sign-ins that failed today', 'Gescheiterte Anmeldungen heute']} value={number(now.failed_sign_ins_day)} href="/admin/sign-ins" />
        )}
        <Tile title={['Bans', 'Sperren']} value={number(now.bans)} href="/admin/bans" />
        {mail && (
          <Tile title={['Mail that waits', 'Wartende Mail']} value={number(mail.waiting)} href="/admin/mail" bad={mail.failed > 0}>
            <p class="muted small">{say(W.givenUp, { count: number(mail.failed) })}</p>
          </Tile>
        )}
        {disk && (
          <Tile title={['Room on the disk', 'Platz auf der Platte']} value={bytes(disk.free_bytes)} bad={Boolean(full)}>
            <Parts
              pieces={[
                { name: 'used', value: disk.total_bytes - disk.free_bytes, kind: full ? 'busy' : 'used' },
                { name: 'free', value: disk.free_bytes, kind: 'offline' },
              ]}
              label={say(W.free, { free: bytes(disk.free_bytes), total: bytes(disk.total_bytes) })}
            />
            <p class="muted small">{say(W.free, { free: bytes(disk.free_bytes), total: bytes(disk.total_bytes) })}</p>
          </Tile>
        )}
        {now.database_bytes !== null && (
          <Tile title={['Newest backup', 'Neueste Sicherung']} value={backup ? time(backup.at) : say(W.no)} bad={!backup || backup.age_seconds > OLD}>
            <p class="muted small">{say(W.database, { size: bytes(now.database_bytes) })}</p>
          </Tile>
        )}
      </div>
      <p class="muted small">
        mod_pbx {now.version} · FreeSWITCH {now.switch_version} · {say(W.since, { time: uptime(now.uptime_seconds) })}
      </p>
    </>
  )
}
