import { type Field, type Noun, text } from '../noun.ts'
import type { Text } from '../text.ts'
import { DOMAIN, DOMAIN_NAME, within } from './common.ts'

const KINDS: Field['choices'] = [
  ['hangup', ['hang up', 'auflegen']],
  ['voicemail', ['the mailbox of', 'die Mailbox von']],
  ['did', ['another DID', 'eine andere Rufnummer']],
  ['announcement', ['an announcement', 'eine Ansage']],
]

/** Where a call goes: what is asked depends on the kind. */
const destination = (name: 'then' | 'closed', label: Text, help: Text): readonly Field[] => [
  { name: `${name}_kind`, label, help, kind: 'choice', choices: KINDS, empty: name === 'closed' },
  within({
    name: `${name}_extension_id`,
    label: ['Mailbox of', 'Mailbox von'],
    kind: 'ref',
    of: 'extensions',
    when: { name: `${name}_kind`, is: ['voicemail'] },
    required: true,
  }),
  within({
    name: `${name}_did_id`,
    label: ['DID', 'Rufnummer'],
    kind: 'ref',
    of: 'dids',
    when: { name: `${name}_kind`, is: ['did'] },
    required: true,
  }),
  {
    name: `${name}_announcement`,
    label: ['Announcement', 'Ansage'],
    help: ['Its name, such as closed.', 'Ihr Name, etwa closed.'],
    max: 32,
    when: { name: `${name}_kind`, is: ['announcement'] },
    required: true,
  },
]

export const dids: Noun = {
  path: 'dids',
  title: ['DIDs', 'Rufnummern'],
  one: ['DID', 'Rufnummer'],
  about: [
    'Numbers that the outside world dials, and whom they ring.',
    'Nummern, die von draußen gewählt werden, und bei wem es dann klingelt.',
  ],
  empty: [
    'No DID yet: every call from outside is refused. Add the numbers that your carrier sends to you.',
    'Noch keine Rufnummer: Jeder Anruf von draußen wird abgewiesen. Legen Sie die Nummern an, die Ihr Anbieter zu Ihnen leitet.',
  ],
  fields: [
    {
      name: 'number',
      label: ['Number', 'Nummer'],
      help: ['With its country code: +4930123456.', 'Mit Ländervorwahl: +4930123456.'],
      required: true,
      max: 40,
      column: true,
      sort: true,
    },
    DOMAIN,
    { name: 'prefix', label: ['Every number that begins so', 'Jede Nummer, die so beginnt'], kind: 'flag', initial: false, column: 'wide', filter: true },
    { name: 'caller', label: ['Only callers that begin so', 'Nur Anrufer, die so beginnen'], help: ['Empty: any.', 'Leer: alle.'], max: 40, empty: true },
    { name: 'gateway_id', label: ['Only calls by', 'Nur Anrufe über'], help: ['Empty: whichever gateway brings them.', 'Leer: gleich welches Gateway sie bringt.'], kind: 'ref', of: 'gateways', shows: 'gateway', empty: true, none: ['any gateway', 'jedes Gateway'] },
    { name: 'rings', label: ['Rings', 'Klingelt bei'], sent: 'never', column: true },
    {
      name: 'members',
      label: ['Who rings', 'Bei wem es klingelt'],
      kind: 'rows',
      help: [
        'An extension; or a number outside, with the extension whose call it is: by its grants, limits and shown numbers.',
        'Eine Nebenstelle; oder eine Nummer draußen mit der Nebenstelle, deren Anruf es ist: nach deren Erlaubnissen, Grenzen und gezeigten Nummern.',
      ],
      ordered: true,
      required: true,
      fields: [
        within({ name: 'extension_id', label: ['Extension', 'Nebenstelle'], kind: 'ref', of: 'extensions', required: true }),
        {
          name: 'outside',
          label: ['Number outside', 'Nummer draußen'],
          help: ['In full: +491711234567. Empty: the extension rings.', 'Vollständig: +491711234567. Leer: Es klingelt bei der Nebenstelle.'],
          max: 16,
          empty: true,
        },
      ],
    },
    {
      name: 'strategy',
      label: ['How', 'Wie'],
      kind: 'choice',
      choices: [
        ['all', ['all at once', 'alle zugleich']],
        ['order', ['one after the other', 'nacheinander']],
        ['round-robin', ['in turn: the next one first', 'reihum: zuerst der Nächste']],
      ],
      initial: 'all',
      required: true,
      column: 'wide',
      sort: true,
      filter: true,
    },
    {
      name: 'ring_seconds',
      label: ['Rings for (seconds)', 'Klingelt (Sekunden)'],
      help: ['Empty: as each extension says.', 'Leer: was jede Nebenstelle sagt.'],
      kind: 'number',
      min: 5,
      max: 600,
      empty: true,
    },
    ...destination('then', ['If nobody takes it', 'Wenn niemand annimmt'], [
      'Left alone for a new one: the mailbox of the only member, else hang up.',
      'Bleibt es bei einer neuen leer: die Mailbox des einzigen Mitglieds, sonst auflegen.',
    ]),
    within({
      name: 'schedule_id',
      label: ['When they ring', 'Wann es klingelt'],
      help: ['Empty: always.', 'Leer: immer.'],
      kind: 'ref',
      of: 'schedules',
      shows: 'schedule',
      empty: true,
      none: ['always', 'immer'],
      column: 'wide',
    }),
    ...destination('closed', ['Outside of these hours', 'Außerhalb dieser Zeiten'], [
      'Empty: as if nobody took it.',
      'Leer: als ob niemand annähme.',
    ]),
    { name: 'then', label: ['Then', 'Danach'], sent: 'never', column: 'wide' },
    { name: 'closed', label: ['When closed', 'Wenn geschlossen'], sent: 'never' },
    DOMAIN_NAME,
  ],
  called: (row) => [text(row, 'number'), row.prefix === true ? '…' : '', row.caller ? `← ${text(row, 'caller')}` : ''].filter(Boolean).join(' '),
  create: true,
  edit: true,
  remove: true,
}
