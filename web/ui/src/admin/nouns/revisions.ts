import { type Noun, text } from '../noun.ts'

export const revisions: Noun = {
  path: 'revisions',
  fact: true,
  title: ['Changes', 'Änderungen'],
  one: ['Change', 'Änderung'],
  about: ['Who changed what. Each can be taken back.', 'Wer was geändert hat. Jede lässt sich zurücknehmen.'],
  hidden: true,
  whole: true,
  fields: [
    { name: 'rev', label: ['Number', 'Nummer'], kind: 'number', sent: 'never', column: true },
    { name: 'at', label: ['When', 'Wann'], kind: 'time', sent: 'never', column: 'wide' },
    { name: 'actor', label: ['Who', 'Wer'], sent: 'never', column: true },
    { name: 'summary', label: ['What', 'Was'], sent: 'never', column: true },
    { name: 'changes', label: ['Values', 'Werte'], kind: 'changes', sent: 'never' },
  ],
  called: (row) => text(row, 'rev'),
  actions: [
    {
      name: 'revert',
      label: ['Take it back', 'Zurücknehmen'],
      sure: [
        'What it changed becomes as it was before, as a change of its own.',
        'Was sie geändert hat, wird wieder wie zuvor; das ist eine eigene Änderung.',
      ],
    },
  ],
}
