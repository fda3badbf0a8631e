import { type Noun, text } from '../noun.ts'

export const bans: Noun = {
  path: 'bans',
  fact: true,
  title: ['Bans', 'Sperren'],
  one: ['Ban', 'Sperre'],
  about: [
    'Who tried passwords is refused for a while. Deleting a ban lifts it.',
    'Wer Passwörter probiert hat, wird eine Weile abgewiesen. Wer eine Sperre löscht, hebt sie auf.',
  ],
  fields: [
    { name: 'address', label: ['Address', 'Adresse'], sent: 'never', column: true, sort: true },
    { name: 'account', label: ['Line', 'Anschluss'], sent: 'never', column: true, sort: true },
    { name: 'begun', label: ['Since', 'Seit'], kind: 'time', sent: 'never', column: 'wide' },
    { name: 'ends', label: ['Until', 'Bis'], kind: 'time', sent: 'never', column: true, sort: true },
    { name: 'times', label: ['So far', 'Bisher'], kind: 'number', sent: 'never', column: 'wide', sort: true },
  ],
  called: (row) => [text(row, 'address'), text(row, 'account')].filter(Boolean).join(' '),
  remove: true,
}
