import { type Noun, text } from '../noun.ts'
import { DOMAIN, DOMAIN_NAME, ENABLED, within } from './common.ts'
import { EXTENSION, GROUP } from './groups.ts'

export const routes: Noun = {
  path: 'routes',
  title: ['Routes', 'Routen'],
  one: ['Route', 'Route'],
  about: [
    'Ways out for some numbers, tried in their order. Nobody may take one that is not granted to them.',
    'Wege nach draußen für bestimmte Nummern, der Reihe nach versucht. Niemand darf eine nehmen, die nicht erlaubt ist.',
  ],
  empty: [
    'No route yet: every call to outside is refused. A route names the numbers, the gateways, and who may take it.',
    'Noch keine Route: Jeder Anruf nach draußen wird abgewiesen. Eine Route nennt die Nummern, die Gateways und wer sie nehmen darf.',
  ],
  whole: true,
  fields: [
    { name: 'name', label: ['Name', 'Name'], help: ['Such as germany.', 'Etwa deutschland.'], required: true, max: 32, column: true, sort: true },
    DOMAIN,
    DOMAIN_NAME,
    {
      name: 'priority',
      label: ['Order', 'Reihenfolge'],
      help: ['The lowest is tried first.', 'Die niedrigste wird zuerst versucht.'],
      kind: 'number',
      min: 0,
      max: 100_000,
      initial: 100,
      required: true,
      column: true,
      sort: true,
    },
    {
      name: 'pattern',
      label: ['Numbers', 'Nummern'],
      help: [
        'In full, such as +4930*: x is any digit, * is whatever follows. Of an emergency route the very numbers, blank separated.',
        'Vollständig, etwa +4930*: x ist eine beliebige Ziffer, * alles, was folgt. Bei einer Notrufroute genau die Nummern, durch Leerzeichen getrennt.',
      ],
      required: true,
      max: 200,
      column: true,
    },
    { name: 'by', label: ['Gateways', 'Gateways'], sent: 'never', column: 'wide' },
    {
      name: 'gateways',
      label: ['Gateways, the first first', 'Gateways, das erste zuerst'],
      help: [
        'The next is taken where one is down or the network fails; never because somebody is busy.',
        'Das nächste wird genommen, wo eines gestört ist oder das Netz versagt; nie, weil jemand besetzt ist.',
      ],
      kind: 'rows',
      ordered: true,
      fields: [
        { name: 'gateway_id', label: ['Gateway', 'Gateway'], kind: 'ref', of: 'gateways', required: true },
        within({ name: 'caller_id', label: ['Number shown by it', 'Von ihm gezeigte Nummer'], kind: 'ref', of: 'caller-ids', empty: true }),
      ],
    },
    {
      name: 'strip',
      label: ['Characters left out in front', 'Vorn weggelassene Zeichen'],
      help: ['For the gateway, counted with the +.', 'Für das Gateway, mit dem + gezählt.'],
      kind: 'number',
      min: 0,
      max: 20,
      initial: 0,
    },
    { name: 'prepend', label: ['Put in front then', 'Danach davorgesetzt'], help: ['An optional + and digits.', 'Ziffern, vielleicht mit + davor.'], max: 32 },
    {
      name: 'emergency',
      label: ['For calls for help', 'Für Notrufe'],
      help: ['Everybody may take it, and nothing is counted.', 'Alle dürfen sie nehmen, und nichts wird gezählt.'],
      kind: 'flag',
      initial: false,
      column: 'wide',
      filter: true,
    },
    {
      name: 'class',
      label: ['Counts as', 'Zählt als'],
      help: ['Empty: as the number says.', 'Leer: was die Nummer sagt.'],
      kind: 'choice',
      choices: [
        ['local', ['local', 'Ortsgespräch']],
        ['national', ['national', 'Ferngespräch']],
        ['mobile', ['mobile', 'Mobilfunk']],
        ['international', ['international', 'Ausland']],
        ['premium', ['premium', 'Mehrwertdienst']],
      ],
      empty: true,
    },
    within({
      name: 'caller_id',
      label: ['Number shown', 'Gezeigte Nummer'],
      help: [
        'Where neither line nor extension has one of its own. Empty: as the gateway says.',
        'Wo weder Anschluss noch Nebenstelle eine eigene hat. Leer: was das Gateway sagt.',
      ],
      kind: 'ref',
      of: 'caller-ids',
      empty: true,
    }),
    within({
      name: 'schedule_id',
      label: ['When it is there', 'Wann sie da ist'],
      help: ['Empty: always.', 'Leer: immer.'],
      kind: 'ref',
      of: 'schedules',
      empty: true,
      none: ['always', 'immer'],
    }),
    ENABLED,
  ],
  called: (row) => text(row, 'name'),
  create: true,
  edit: true,
  remove: true,
  parts: [
    {
      noun: 'route-grants',
      by: 'route_id',
      title: ['Who may take it', 'Wer sie nehmen darf'],
      add: [['group_id'], ['extension_id']],
      same: ['domain_id'],
    },
  ],
}

export const grants: Noun = {
  path: 'route-grants',
  title: ['Grants', 'Erlaubnisse'],
  one: ['Grant', 'Erlaubnis'],
  whole: true,
  fields: [
    { ...EXTENSION, empty: true },
    { ...GROUP, empty: true },
    within({ name: 'route_id', label: ['Route', 'Route'], kind: 'ref', of: 'routes', sent: 'create', required: true, column: true }),
    DOMAIN_NAME,
  ],
  called: (row) => text(row, 'route'),
  create: true,
  remove: true,
}
