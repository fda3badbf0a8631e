import { type Field, type Noun, text } from '../noun.ts'

const WHO: Field = { name: 'user', label: ['Who', 'Wer'], sent: 'never', column: true, sort: true }
const FROM: Field = { name: 'address', label: ['From', 'Von wo'], sent: 'never', column: true, sort: true }
const BROWSER: Field = { name: 'browser', label: ['Browser', 'Browser'], sent: 'never' }

export const sessions: Noun = {
  path: 'sessions',
  fact: true,
  title: ['Signed in', 'Angemeldet'],
  one: ['Session', 'Sitzung'],
  about: ['Deleting one signs its person out there.', 'Wer eine löscht, meldet die Person dort ab.'],
  fields: [
    WHO,
    FROM,
    { name: 'begun', label: ['Since', 'Seit'], kind: 'time', sent: 'never', column: 'wide', sort: true },
    { name: 'seen', label: ['Last seen', 'Zuletzt gesehen'], kind: 'time', sent: 'never', column: 'wide', sort: true },
    { name: 'ends', label: ['Ends', 'Endet'], kind: 'time', sent: 'never' },
    BROWSER,
  ],
  called: (row) => text(row, 'user'),
  remove: true,
}

export const signIns: Noun = {
  path: 'sign-ins',
  fact: true,
  title: ['Sign-ins', 'Anmeldungen'],
  one: ['Sign-in', 'Anmeldung'],
  fields: [
    { name: 'at', label: ['When', 'Wann'], kind: 'time', sent: 'never', column: true, sort: true },
    {
      name: 'what',
      label: ['What', 'Was'],
      kind: 'choice',
      choices: [
        ['signed-in', ['signed in', 'angemeldet']],
        ['failed', ['failed', 'gescheitert']],
        ['signed-out', ['signed out', 'abgemeldet']],
        ['password-changed', ['password changed', 'Passwort geändert']],
        ['ended', ['ended', 'beendet']],
      ],
      sent: 'never',
      column: true,
      sort: true,
      filter: true,
    },
    WHO,
    { ...FROM, column: 'wide' },
    BROWSER,
  ],
  called: (row) => text(row, 'user'),
}
