import { type Field, type Noun, text } from '../noun.ts'
import type { Text } from '../text.ts'
import { DOMAIN, DOMAIN_NAME, ENABLED } from './common.ts'
import { granted } from './groups.ts'
import { shownBy } from './limits.ts'

const forward = (when: string, label: Text): Field => ({
  name: `forward_${when}`,
  label,
  help: ['A number of the domain, or one outside. Empty: not at all.', 'Eine Nummer der Domäne oder eine draußen. Leer: gar nicht.'],
  kind: 'digits',
  empty: true,
})

export const extensions: Noun = {
  path: 'extensions',
  title: ['Extensions', 'Nebenstellen'],
  one: ['Extension', 'Nebenstelle'],
  fields: [
    { name: 'number', label: ['Number', 'Nummer'], kind: 'digits', required: true, column: true, sort: true },
    DOMAIN,
    { name: 'caller_id_name', label: ['Name shown to others', 'Angezeigter Name'], max: 64, column: true, sort: true },
    { name: 'user_id', label: ['User', 'Benutzer'], kind: 'ref', of: 'users', shows: 'user', required: true, column: 'wide' },
    DOMAIN_NAME,
    { name: 'state', label: ['State', 'Zustand'], kind: 'choice', sent: 'never', column: true, choices: [
      ['offline', ['offline', 'offline']],
      ['online', ['online', 'online']],
      ['ringing', ['ringing', 'klingelt']],
      ['busy', ['busy', 'besetzt']],
    ] },
    { name: 'ring_seconds', label: ['Rings for (seconds)', 'Klingelt (Sekunden)'], kind: 'number', min: 5, max: 600, initial: 30 },
    { name: 'voicemail', label: ['Mailbox', 'Mailbox'], kind: 'flag', initial: true },
    {
      name: 'voicemail_pin',
      label: ['PIN of the mailbox', 'PIN der Mailbox'],
      help: ['4 to 10 digits. Left empty for a new one, it is made up.', '4 bis 10 Ziffern. Bleibt sie bei einer neuen leer, wird eine erzeugt.'],
      kind: 'password',
    },
    { name: 'new_voicemail_pin', label: ['Make up another PIN', 'Neue PIN erzeugen'], kind: 'flag', sent: 'edit' },
    { name: 'dnd', label: ['Do not disturb', 'Nicht stören'], kind: 'flag' },
    forward('always', ['Forward always to', 'Immer umleiten zu']),
    forward('busy', ['Forward when busy to', 'Bei Besetzt umleiten zu']),
    forward('no_answer', ['Forward when nobody answers to', 'Bei Nichtmelden umleiten zu']),
    forward('offline', ['Forward when offline to', 'Wenn offline umleiten zu']),
    {
      name: 'new_lines',
      label: ['Lines to make', 'Neue Anschlüsse'],
      help: ['Usernames for phones, blank separated. What to type into them is shown afterwards.', 'Benutzernamen für Telefone, durch Leerzeichen getrennt. Was ins Telefon gehört, wird danach gezeigt.'],
      kind: 'words',
      sent: 'create',
    },
    ENABLED,
    { name: 'lines', label: ['Lines', 'Anschlüsse'], sent: 'never', column: 'wide' },
    { name: 'has_voicemail_pin', label: ['Mailbox has a PIN', 'Mailbox hat eine PIN'], kind: 'flag', sent: 'never' },
    { name: 'channel_url', label: ['Page', 'Seite'], sent: 'never' },
  ],
  called: (row) => `${text(row, 'number')} ${text(row, 'caller_id_name')}`.trim(),
  create: true,
  edit: true,
  remove: true,
  related: [
    { noun: 'lines', by: 'extension_id' },
    { noun: 'caps', by: 'extension_id' },
    { noun: 'calls', by: 'extension_id' },
  ],
  parts: [
    { noun: 'group-members', by: 'extension_id', title: ['Groups', 'Gruppen'], add: [['group_id']], same: ['domain_id'] },
    granted('extension_id'),
    shownBy('extension_id'),
  ],
}
