import { type Noun, text } from '../noun.ts'
import { DOMAIN_NAME, ENABLED } from './common.ts'

export const keys: Noun = {
  path: 'keys',
  title: ['API keys', 'API-Schlüssel'],
  one: ['API key', 'API-Schlüssel'],
  about: [
    'What a program shows instead of your password. It may do at most what you may.',
    'Was ein Programm statt Ihres Passworts zeigt. Es darf höchstens, was Sie dürfen.',
  ],
  fields: [
    { name: 'name', label: ['What it is for', 'Wofür'], required: true, max: 64, column: true, sort: true },
    {
      name: 'scopes',
      label: ['May do', 'Darf'],
      help: [
        'Such as users:read or lines:write, blank separated; *:read is to read all.',
        'Etwa users:read oder lines:write, durch Leerzeichen getrennt; *:read heißt alles lesen.',
      ],
      kind: 'words',
      required: true,
      column: 'wide',
    },
    {
      name: 'expires_at',
      label: ['Good until', 'Gültig bis'],
      help: ['Empty: for ever.', 'Leer: für immer.'],
      kind: 'time',
      empty: true,
      column: 'wide',
      sort: true,
    },
    ENABLED,
    { name: 'user', label: ['Of', 'Von'], sent: 'never', column: true },
    DOMAIN_NAME,
    { name: 'last_used_at', label: ['Last used', 'Zuletzt benutzt'], kind: 'time', sent: 'never', column: 'wide' },
    { name: 'last_used_from', label: ['From', 'Von wo'], sent: 'never' },
  ],
  called: (row) => text(row, 'name'),
  create: true,
  edit: true,
  remove: true,
}
