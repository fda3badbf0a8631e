import { type Field, type Noun, text } from '../noun.ts'
import type { Text } from '../text.ts'
import { DOMAIN, DOMAIN_NAME } from './common.ts'

const digits = (name: string, label: Text, help: Text, max: number, more: Partial<Field> = {}): Field => ({
  name,
  label,
  help,
  kind: 'digits',
  max,
  ...more,
})

export const plans: Noun = {
  path: 'number-plans',
  title: ['Dialling', 'Wählregeln'],
  one: ['Dialling', 'Wählregeln'],
  about: [
    'How numbers outside are dialled in a domain, and which of them are mobile or cost most.',
    'Wie in einer Domäne Nummern draußen gewählt werden, und welche davon Mobilfunk sind oder am meisten kosten.',
  ],
  empty: [
    'Nothing said yet: only numbers with a + and their country code can be dialled.',
    'Noch nichts gesagt: Wählbar sind nur Nummern mit + und Ländervorwahl.',
  ],
  whole: true,
  fields: [
    digits('country_code', ['Country code', 'Ländervorwahl'], ['Such as 49. A new one brings what is known of its country along.', 'Etwa 49. Eine neue bringt mit, was von ihrem Land bekannt ist.'], 3, { required: true, column: true, sort: true }),
    DOMAIN,
    DOMAIN_NAME,
    digits('area_code', ['Area code', 'Ortsvorwahl'], ['Empty: numbers are never dialled without it.', 'Leer: Ohne sie wird nie gewählt.'], 6, { column: true }),
    digits('national_prefix', ['Before a number of the country', 'Vor einer Nummer des Landes'], ['Such as 0.', 'Etwa 0.'], 4, { column: 'wide' }),
    digits('international_prefix', ['Before a country code', 'Vor einer Ländervorwahl'], ['Such as 00.', 'Etwa 00.'], 6, { column: 'wide' }),
    digits('access_prefix', ['Before every number outside', 'Vor jeder Nummer draußen'], ['Such as 0 or 9; empty: nothing.', 'Etwa 0 oder 9; leer: nichts.'], 4),
    { name: 'mobile_prefixes', label: ['Mobile numbers begin with', 'Mobilfunknummern beginnen mit'], help: ['Blank separated, without the prefix.', 'Durch Leerzeichen getrennt, ohne Vorwahl davor.'], max: 600 },
    { name: 'premium_prefixes', label: ['Premium numbers begin with', 'Mehrwertdienste beginnen mit'], help: ['Nobody may call these unless a limit says so.', 'Niemand darf sie anrufen, wenn keine Grenze es erlaubt.'], max: 600 },
    { name: 'notify_email', label: ['Mail about calls for help to', 'Mail über Notrufe an'], kind: 'email', empty: true },
    { name: 'notify_url', label: ['Calls for help are posted to', 'Notrufe werden gemeldet an'], help: ['An address that takes JSON.', 'Eine Adresse, die JSON nimmt.'], max: 512, empty: true },
    { name: 'is_known', label: ['Its country is known', 'Das Land ist bekannt'], kind: 'flag', sent: 'never' },
  ],
  called: (row) => `+${text(row, 'country_code')} ${text(row, 'domain')}`.trim(),
  create: true,
  edit: true,
  remove: true,
}
