import { type Noun, text } from '../noun.ts'
import { ScheduleTools } from '../schedule-tools.tsx'
import { DOMAIN, DOMAIN_NAME } from './common.ts'

export const schedules: Noun = {
  path: 'schedules',
  title: ['Opening hours', 'Öffnungszeiten'],
  one: ['Opening hours', 'Öffnungszeiten'],
  about: [
    'When DIDs ring and routes are there: weekly hours, and holidays on which they do not count.',
    'Wann Rufnummern klingeln und Routen da sind: wöchentliche Zeiten, und Feiertage, an denen sie nicht gelten.',
  ],
  empty: [
    'None yet: every DID rings at any time. Such as office, for the hours of a week and the holidays.',
    'Noch keine: Jede Rufnummer klingelt zu jeder Zeit. Etwa buero, mit den Zeiten einer Woche und den Feiertagen.',
  ],
  refresh: 30,
  fields: [
    { name: 'name', label: ['Name', 'Name'], required: true, max: 32, column: true, sort: true },
    {
      name: 'open',
      label: ['Now', 'Jetzt'],
      kind: 'choice',
      choices: [
        ['true', ['open', 'geöffnet']],
        ['false', ['closed', 'geschlossen']],
      ],
      lamp: true,
      sent: 'never',
      column: true,
    },
    {
      name: 'reason',
      label: ['Because of', 'Wegen'],
      kind: 'choice',
      choices: [
        ['hours', ['the hours', 'der Zeiten']],
        ['holiday', ['a holiday', 'eines Feiertags']],
        ['override', ['what is set for now', 'der vorläufigen Einstellung']],
      ],
      sent: 'never',
      column: 'wide',
    },
    { name: 'holiday', label: ['Holiday', 'Feiertag'], sent: 'never' },
    DOMAIN,
    DOMAIN_NAME,
    {
      name: 'hours',
      label: ['Weekly hours', 'Wöchentliche Zeiten'],
      help: [
        'What goes past midnight belongs to the day on which it begins.',
        'Was über Mitternacht geht, gehört zu dem Tag, an dem es beginnt.',
      ],
      kind: 'hours',
      initial: 'mon-fri 09:00-17:00',
      required: true,
    },
    {
      name: 'time_zone',
      label: ['Time zone', 'Zeitzone'],
      help: ['Such as Europe/Berlin. Empty for a new one: that of the switch.', 'Etwa Europe/Berlin. Bei einer neuen leer: die der Anlage.'],
      max: 64,
    },
    {
      name: 'holidays',
      label: ['Holidays', 'Feiertage'],
      help: [
        'Closed all day long. 2026-12-24 is once, *-12-25 every year.',
        'Den ganzen Tag geschlossen. 2026-12-24 ist einmal, *-12-25 jedes Jahr.',
      ],
      kind: 'rows',
      fields: [
        { name: 'day', label: ['Day', 'Tag'], required: true, max: 16 },
        { name: 'name', label: ['Name', 'Name'], max: 64, initial: '' },
      ],
    },
    {
      name: 'code',
      label: ['Code for phones', 'Code für Telefone'],
      help: [
        'With 1 a phone dials *281 to open and close (setting code-schedule). Empty: none can.',
        'Mit 1 wählt ein Telefon *281, um zu öffnen und zu schließen (Einstellung code-schedule). Leer: keines kann es.',
      ],
      kind: 'number',
      min: 1,
      max: 999,
      empty: true,
    },
    {
      name: 'keys',
      label: ['Extensions that may dial it', 'Nebenstellen, die ihn wählen dürfen'],
      help: ['Their numbers, blank separated.', 'Ihre Nummern, durch Leerzeichen getrennt.'],
      kind: 'words',
    },
  ],
  called: (row) => text(row, 'name'),
  create: true,
  edit: true,
  remove: true,
  extra: ScheduleTools,
  related: [{ noun: 'dids', by: 'schedule_id' }],
}
