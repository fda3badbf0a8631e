import { type Field, type Noun, type Part, text } from '../noun.ts'
import type { Text } from '../text.ts'
import { DOMAIN, DOMAIN_NAME, within } from './common.ts'

export const callerIds: Noun = {
  path: 'caller-ids',
  title: ['Numbers shown', 'Gezeigte Nummern'],
  one: ['Number shown', 'Gezeigte Nummer'],
  about: [
    'Numbers that a domain owns, and may show when it calls out. No call shows any other.',
    'Nummern, die einer Domäne gehören und die sie bei Anrufen nach draußen zeigen darf. Kein Anruf zeigt eine andere.',
  ],
  empty: [
    'No number yet: calls go out as the gateway’s account. Add the numbers that your carrier assigned to you.',
    'Noch keine Nummer: Anrufe gehen als Konto des Gateways hinaus. Legen Sie die Nummern an, die Ihr Anbieter Ihnen zugeteilt hat.',
  ],
  whole: true,
  fields: [
    { name: 'number', label: ['Number', 'Nummer'], help: ['In full, such as +4930123456.', 'Vollständig, etwa +4930123456.'], required: true, max: 16, column: true, sort: true },
    DOMAIN,
    DOMAIN_NAME,
    { name: 'used_by', label: ['Who calls as it', 'Wer sie zeigt'], sent: 'never' },
    { name: 'name', label: ['Name beside it', 'Name daneben'], help: ['Where the carrier passes one on.', 'Wo der Anbieter einen weitergibt.'], max: 64, column: true, sort: true },
  ],
  called: (row) => `${text(row, 'number')} ${text(row, 'name')}`.trim(),
  create: true,
  edit: true,
  remove: true,
}

const USED: readonly Field[] = [
  { name: 'concurrent', label: ['now', 'jetzt'] },
  { name: 'per_hour', label: ['this hour', 'diese Stunde'] },
  { name: 'per_day', label: ['today', 'heute'] },
  { name: 'local_per_day', label: ['local', 'Ort'] },
  { name: 'national_per_day', label: ['national', 'fern'] },
  { name: 'mobile_per_day', label: ['mobile', 'Mobilfunk'] },
  { name: 'international_per_day', label: ['international', 'Ausland'] },
  { name: 'premium_per_day', label: ['premium', 'Mehrwertdienste'] },
]

/** As whom an extension or a line calls out. */
export const uses: Noun = {
  path: 'caller-id-uses',
  title: ['Numbers shown by', 'Gezeigte Nummern von'],
  one: ['Number shown', 'Gezeigte Nummer'],
  whole: true,
  fields: [
    { name: 'extension_id', label: ['Extension', 'Nebenstelle'], kind: 'ref', of: 'extensions', sent: 'create' },
    { name: 'line_id', label: ['Line', 'Anschluss'], kind: 'ref', of: 'lines', sent: 'create' },
    within({ name: 'caller_id', label: ['Number shown', 'Gezeigte Nummer'], kind: 'ref', of: 'caller-ids', empty: true, column: true }),
    within({ name: 'emergency_caller_id', label: ['For calls for help', 'Bei Notrufen'], kind: 'ref', of: 'caller-ids', empty: true, column: true }),
  ],
  called: (row) => text(row, 'who'),
  create: true,
  edit: true,
  remove: true,
}

/** Seen from an extension, or a line. */
export const shownBy = (by: 'extension_id' | 'line_id'): Part => ({
  noun: 'caller-id-uses',
  by,
  title: ['Number shown outside', 'Draußen gezeigte Nummer'],
  about: [
    'As which of the domain’s numbers it calls out. Nothing: as the route or the gateway says.',
    'Mit welcher Nummer der Domäne sie nach draußen ruft. Nichts: wie Route oder Gateway es sagen.',
  ],
  add: [['caller_id', 'emergency_caller_id']],
  same: ['domain_id'],
  most: 1,
})

export const blocks: Noun = {
  path: 'blocks',
  title: ['Blocked numbers', 'Gesperrte Nummern'],
  one: ['Blocked numbers', 'Gesperrte Nummern'],
  about: [
    'Numbers that nobody in a domain may call, whatever is granted.',
    'Nummern, die in einer Domäne niemand anrufen darf, was immer erlaubt ist.',
  ],
  empty: [
    'No number is blocked. Such as +49900*: nobody calls what costs most.',
    'Keine Nummer ist gesperrt. Etwa +49900*: So ruft niemand an, was am meisten kostet.',
  ],
  fields: [
    { name: 'pattern', label: ['Numbers', 'Nummern'], help: ['In full, such as +49900*: x is any digit, * is whatever follows.', 'Vollständig, etwa +49900*: x ist eine beliebige Ziffer, * alles, was folgt.'], required: true, max: 200, column: true, sort: true },
    DOMAIN,
    { name: 'note', label: ['Why', 'Warum'], max: 200, column: true },
    DOMAIN_NAME,
  ],
  called: (row) => text(row, 'pattern'),
  create: true,
  edit: true,
  remove: true,
}

const most = (name: string, label: Text, column: boolean | 'wide'): Field => ({
  name,
  label,
  kind: 'number',
  min: 0,
  max: 1_000_000,
  empty: true,
  column,
})

export const caps: Noun = {
  path: 'caps',
  title: ['Limits', 'Grenzen'],
  one: ['Limit', 'Grenze'],
  about: [
    'How much an extension may call out. What it does not say, the limit of its whole domain says; what neither says is not limited. Calls for help never count.',
    'Wie viel eine Nebenstelle nach draußen rufen darf. Was ihre Grenze nicht sagt, sagt die der ganzen Domäne; was keine sagt, ist nicht begrenzt. Notrufe zählen nie.',
  ],
  empty: [
    'No limit yet: who may call, may call as much as they like; only premium numbers are refused. Begin with one for the whole domain.',
    'Noch keine Grenze: Wer anrufen darf, darf es beliebig oft; nur Mehrwertdienste sind gesperrt. Beginnen Sie mit einer für die ganze Domäne.',
  ],
  whole: true,
  fields: [
    within({
      name: 'extension_id',
      label: ['Extension', 'Nebenstelle'],
      help: ['Empty: each of the domain that has no limit of its own.', 'Leer: jede der Domäne, die keine eigene Grenze hat.'],
      kind: 'ref',
      of: 'extensions',
      sent: 'create',
      empty: true,
      none: ['the whole domain', 'die ganze Domäne'],
      column: true,
    }),
    DOMAIN,
    DOMAIN_NAME,
    most('concurrent', ['Calls at once', 'Anrufe zugleich'], true),
    most('per_hour', ['Calls an hour', 'Anrufe je Stunde'], 'wide'),
    most('per_day', ['Calls a day', 'Anrufe am Tag'], true),
    most('local_per_day', ['Local calls a day', 'Ortsgespräche am Tag'], false),
    most('national_per_day', ['National calls a day', 'Ferngespräche am Tag'], false),
    most('mobile_per_day', ['Mobile calls a day', 'Mobilfunk am Tag'], false),
    most('international_per_day', ['International calls a day', 'Ausland am Tag'], 'wide'),
    most('premium_per_day', ['Premium calls a day', 'Mehrwertdienste am Tag'], false),
    { name: 'used', label: ['Called by now', 'Bisher angerufen'], kind: 'counts', fields: USED, sent: 'never', column: 'wide' },
  ],
  called: (row) => text(row, 'extension') || text(row, 'domain'),
  create: true,
  edit: true,
  remove: true,
}
