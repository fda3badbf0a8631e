import { type Noun, text } from '../noun.ts'
import { DOMAIN_NAME, ENABLED } from './common.ts'
import { shownBy } from './limits.ts'

export const lines: Noun = {
  path: 'lines',
  title: ['Lines', 'Anschlüsse'],
  one: ['Line', 'Anschluss'],
  about: [
    'A line is the username and password that a phone registers with.',
    'Ein Anschluss ist Benutzername und Passwort, mit denen sich ein Telefon anmeldet.',
  ],
  fields: [
    { name: 'username', label: ['Username', 'Benutzername'], required: true, column: true, sort: true },
    {
      name: 'extension_id',
      label: ['Extension', 'Nebenstelle'],
      kind: 'ref',
      of: 'extensions',
      shows: 'extension',
      required: true,
      column: true,
    },
    { name: 'user_id', label: ['User', 'Benutzer'], kind: 'ref', of: 'users', shows: 'user', column: 'wide' },
    DOMAIN_NAME,
    {
      name: 'password',
      label: ['Password', 'Passwort'],
      help: ['Left empty for a new one, it is made up.', 'Bleibt es bei einem neuen leer, wird eins erzeugt.'],
      kind: 'password',
    },
    { name: 'new_password', label: ['Make up another password', 'Neues Passwort erzeugen'], kind: 'flag', sent: 'edit' },
    { name: 'max_registrations', label: ['Phones at most', 'Telefone höchstens'], kind: 'number', min: 1, max: 32, initial: 5, column: 'wide' },
    {
      name: 'source_acl',
      label: ['Only from these networks', 'Nur aus diesen Netzen'],
      help: ['Such as 192.0.2.0/24, blank separated; empty: from anywhere.', 'Etwa 192.0.2.0/24, durch Leerzeichen getrennt; leer: von überall.'],
      empty: true,
    },
    {
      name: 'srtp',
      label: ['Encryption of calls', 'Verschlüsselung der Gespräche'],
      kind: 'choice',
      choices: [
        ['optional', ['if the phone can', 'wenn das Telefon es kann']],
        ['required', ['required', 'erforderlich']],
      ],
      initial: 'optional',
      required: true,
    },
    ENABLED,
  ],
  called: (row) => text(row, 'username'),
  create: true,
  edit: true,
  remove: true,
  parts: [shownBy('line_id')],
}
