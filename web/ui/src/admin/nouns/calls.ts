import { type Field, type Noun, text } from '../noun.ts'
import type { Text } from '../text.ts'

const seen = (name: string, label: Text, more: Partial<Field> = {}): Field => ({ name, label, sent: 'never', ...more })

const LEG: readonly Field[] = [
  seen('role', ['Side', 'Seite'], {
    kind: 'choice',
    choices: [
      ['caller', ['called', 'rief an']],
      ['called', ['was called', 'wurde gerufen']],
    ],
  }),
  seen('number', ['Number', 'Nummer']),
  seen('device', ['Line', 'Anschluss'], { none: ['a browser', 'ein Browser'] }),
  seen('gateway', ['Gateway', 'Gateway']),
  seen('began', ['Began', 'Begann'], { kind: 'time' }),
  seen('answered', ['Answered', 'Angenommen'], { kind: 'time' }),
  seen('ended', ['Ended', 'Endete'], { kind: 'time' }),
  seen('cause', ['Why', 'Warum']),
]

export const OUTCOMES: NonNullable<Field['choices']> = [
  ['open', ['goes on', 'läuft']],
  ['answered', ['answered', 'angenommen']],
  ['voicemail', ['voicemail', 'Mailbox']],
  ['no-answer', ['not answered', 'nicht angenommen']],
  ['busy', ['busy', 'besetzt']],
  ['cancelled', ['given up', 'aufgelegt']],
  ['refused', ['refused', 'abgewiesen']],
  ['failed', ['failed', 'gescheitert']],
  ['interrupted', ['interrupted', 'abgebrochen']],
]

export const calls: Noun = {
  path: 'calls',
  title: ['Calls', 'Anrufe'],
  one: ['Call', 'Anruf'],
  about: [
    'Who called whom, and how it ended; the newest first. A call is one, however often it was sent on or transferred.',
    'Wer wen anrief und wie es endete; die neuesten zuerst. Ein Anruf ist einer, wie oft er auch weiterging.',
  ],
  empty: ['Nobody has called yet.', 'Noch hat niemand angerufen.'],
  fact: true,
  refresh: 15,
  csv: 'export/calls.csv',
  fields: [
    seen('began', ['When', 'Wann'], { kind: 'time', column: true }),
    seen('direction', ['Direction', 'Richtung'], {
      kind: 'choice',
      choices: [
        ['internal', ['inside', 'intern']],
        ['inbound', ['from outside', 'von draußen']],
        ['outbound', ['to outside', 'nach draußen']],
      ],
      column: 'wide',
      filter: true,
    }),
    seen('caller_number', ['From', 'Von'], { column: true }),
    seen('caller_name', ['Name', 'Name'], { column: 'wide' }),
    seen('called_number', ['To', 'Nach'], { column: true }),
    seen('outcome', ['Result', 'Ergebnis'], { kind: 'choice', choices: OUTCOMES, column: true, filter: true }),
    seen('answered_by', ['Answered by', 'Angenommen von'], { column: 'wide' }),
    seen('seconds', ['Length', 'Länge'], { kind: 'seconds', column: 'wide' }),
    seen('answered', ['Answered', 'Angenommen'], { kind: 'time' }),
    seen('ended', ['Ended', 'Endete'], { kind: 'time' }),
    seen('cause', ['Why', 'Warum']),
    seen('payer', ['Paid by', 'Zahlt']),
    seen('class', ['Counted as', 'Zählt als']),
    seen('gateway', ['Gateway', 'Gateway']),
    seen('domain', ['Domain', 'Domäne']),
    seen('since', ['Since', 'Seit'], { kind: 'day', filter: true, hidden: true }),
    seen('until', ['Before', 'Vor'], { kind: 'day', filter: true, hidden: true }),
    seen('extension_id', ['Extension', 'Nebenstelle'], { kind: 'ref', of: 'extensions', hidden: true }),
    seen('legs', ['Phones in it', 'Beteiligte Telefone'], { kind: 'table', fields: LEG }),
  ],
  called: (row) => `${text(row, 'caller_number')} → ${text(row, 'called_number')}`,
}
