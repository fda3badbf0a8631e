import { type Noun, text } from '../noun.ts'

export const settings: Noun = {
  path: 'settings',
  fact: true,
  title: ['Settings', 'Einstellungen'],
  one: ['Setting', 'Einstellung'],
  hidden: true,
  whole: true,
  fields: [
    { name: 'name', label: ['Name', 'Name'], sent: 'never', column: true, sort: true },
    {
      name: 'value',
      label: ['Value', 'Wert'],
      help: ['Removed, it is the default again.', 'Ohne Wert gilt wieder die Vorgabe.'],
      column: true,
    },
    { name: 'default', label: ['Default', 'Vorgabe'], sent: 'never', column: 'wide' },
    { name: 'is_set', label: ['Changed', 'Geändert'], kind: 'flag', sent: 'never', column: 'wide', sort: true, filter: true },
    { name: 'takes', label: ['Takes', 'Möglich ist'], sent: 'never' },
    { name: 'description', label: ['What it does', 'Wozu'], sent: 'never', column: 'wide' },
  ],
  called: (row) => text(row, 'name'),
  edit: true,
}
