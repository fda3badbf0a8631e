import { type Noun, text } from '../noun.ts'
import { DOMAIN, DOMAIN_NAME, ENABLED } from './common.ts'

export const users: Noun = {
  path: 'users',
  title: ['Users', 'Benutzer'],
  one: ['User', 'Benutzer'],
  fields: [
    { name: 'name', label: ['Name', 'Name'], help: ['What they sign in with.', 'Damit melden sie sich an.'], required: true, column: true, sort: true },
    { name: 'display_name', label: ['Full name', 'Voller Name'], max: 64, column: true, sort: true },
    DOMAIN_NAME,
    { ...DOMAIN, empty: true, help: ['Empty for administrators of the whole PBX.', 'Leer bei Verwaltern der ganzen Anlage.'] },
    { name: 'email', label: ['E-mail', 'E-Mail'], kind: 'email', empty: true, column: 'wide', sort: true },
    {
      name: 'role',
      label: ['Role', 'Rolle'],
      kind: 'choice',
      choices: [
        ['user', ['user', 'Benutzer']],
        ['domain-administrator', ['administrator of the domain', 'Verwalter der Domäne']],
        ['administrator', ['administrator', 'Verwalter']],
      ],
      initial: 'user',
      required: true,
      column: 'wide',
      sort: true,
      filter: true,
    },
    {
      name: 'password',
      label: ['Password', 'Passwort'],
      help: [
        'Better let them choose one: leave it empty, and give them one that is good for once.',
        'Besser wählen sie selbst eins: leer lassen und ein einmaliges vergeben.',
      ],
      kind: 'password',
    },
    ENABLED,
    { name: 'extensions', label: ['Extensions', 'Nebenstellen'], sent: 'never' },
    { name: 'has_password', label: ['Has a password', 'Hat ein Passwort'], kind: 'flag', sent: 'never' },
    { name: 'must_change_password', label: ['Has to change it', 'Muss es ändern'], kind: 'flag', sent: 'never' },
  ],
  called: (row) => text(row, 'name'),
  create: true,
  edit: true,
  remove: true,
  actions: [
    {
      name: 'reset-password',
      label: ['Password for once', 'Einmaliges Passwort'],
      sure: [
        'A new password is made up, good for signing in once. They are signed out everywhere.',
        'Ein neues Passwort wird erzeugt, das für eine Anmeldung gilt. Überall sonst wird die Person abgemeldet.',
      ],
    },
  ],
  related: [
    { noun: 'extensions', by: 'user_id' },
    { noun: 'lines', by: 'user_id' },
  ],
}
