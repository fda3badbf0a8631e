/** What an import did, or would do: in numbers, and user by user. */
import { useSignal } from '@preact/signals'
import type { Report, User } from './import-files.ts'
import { number, say, type Text } from './text.ts'
import { I } from './words-import.ts'
import { W } from './words.ts'

type Verdict = User['verdict']

const VERDICTS: readonly Verdict[] = ['create', 'skip', 'refuse']
const WOULD: Record<Verdict, Text> = { create: I.create, skip: I.skip, refuse: I.refuse }
const DID: Record<Verdict, Text> = { create: I.created, skip: I.skipped, refuse: I.refused }

/** So many are shown at once: a directory may have thousands. */
const SIZE = 50

/** Those with something wrong first, the others as they stand in the files. */
export const sorted = (users: readonly User[]): User[] => {
  const rank: Record<Verdict, number> = { refuse: 0, create: 1, skip: 2 }
  return [...users].sort((a, b) => rank[a.verdict] - rank[b.verdict])
}

export const Found = ({ report, done }: { report: Report; done: boolean }) => {
  const only = useSignal<Verdict | ''>('')
  const page = useSignal(1)
  const words = done ? DID : WOULD
  const counts: Record<Verdict, number> = { create: report.created, skip: report.skipped, refuse: report.refused }
  const all = sorted(report.users).filter(({ verdict }) => only.value === '' || verdict === only.value)
  const pages = Math.max(1, Math.ceil(all.length / SIZE))
  const shown = all.slice((page.value - 1) * SIZE, page.value * SIZE)
  const left = Object.entries(report.not_taken_over)
  return (
    <>
      <dl class="counts">
        {VERDICTS.map((verdict) => (
          <div key={verdict} class={verdict}>
            <dt>{say(words[verdict])}</dt>
            <dd>{number(counts[verdict])}</dd>
          </div>
        ))}
      </dl>
      {report.notes.length > 0 && (
        <ul class="warning">
          {report.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {left.length > 0 && (
        <details>
          <summary>{say(I.left)}</summary>
          <p class="break">{left.map(([name, count]) => `${name} (${number(count)})`).join(', ')}</p>
        </details>
      )}
      <label class="row">
        {say(I.show)}
        <select
          value={only.value}
          onChange={(event) => {
            only.value = event.currentTarget.value as Verdict | ''
            page.value = 1
          }}
        >
          <option value="">{say(W.all)}</option>
          {VERDICTS.map((verdict) => (
            <option key={verdict} value={verdict}>
              {say(words[verdict])}
            </option>
          ))}
        </select>
      </label>
      <table class="list stacked">
        <caption class="hidden">{say(I.users)}</caption>
        <thead>
          <tr>
            <th scope="col">{say(I.user)}</th>
            <th scope="col">{say(I.becomes)}</th>
            <th scope="col">{say(I.why)}</th>
            <th scope="col" class="wide">
              {say(I.place)}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((user, at) => (
            <One key={`${user.place} ${user.id} ${at}`} user={user} words={words} />
          ))}
        </tbody>
      </table>
      {shown.length === 0 && <p class="muted">{say(W.none)}</p>}
      {pages > 1 && (
        <nav class="pager" aria-label={say(I.users)}>
          <button type="button" disabled={page.value <= 1} onClick={() => (page.value -= 1)}>
            {say(W.previous)}
          </button>
          <span>{say(W.page, { page: page.value, pages })}</span>
          <button type="button" disabled={page.value >= pages} onClick={() => (page.value += 1)}>
            {say(W.next)}
          </button>
        </nav>
      )}
    </>
  )
}

const One = ({ user, words }: { user: User; words: Record<Verdict, Text> }) => {
  const reasons = [...(user.why ? [user.why] : []), ...user.remarks]
  return (
    <tr class={user.verdict}>
      <td>
        {user.id}
        {user.domain && <span class="muted small block">@{user.domain}</span>}
      </td>
      <td>
        <span class={`verdict ${user.verdict}`}>{say(words[user.verdict])}</span>
        {user.number && <span class="block">{say(I.makes, { number: user.number, line: user.line ?? '' })}</span>}
      </td>
      <td>
        {reasons.map((reason) => (
          <span key={reason} class="block">
            {reason}
          </span>
        ))}
        {user.new_password && (
          <span class="block">
            {say(I.password)} <code>{user.new_password}</code>
          </span>
        )}
        {user.new_voicemail_pin && (
          <span class="block">
            {say(I.pin)} <code>{user.new_voicemail_pin}</code>
          </span>
        )}
      </td>
      <td class="wide muted">{user.place}</td>
    </tr>
  )
}
