/** What the page that explains calls says. */
import { words } from './words.ts'

export const E = words({
  title: ['Explain a call', 'Einen Anruf erklären'],
  about: [
    'What would happen to a call, and why: decided as the switch decides, without calling anybody.',
    'Was mit einem Anruf geschähe, und warum: so entschieden, wie es die Anlage tut, ohne dass jemand angerufen wird.',
  ],
  from: ['From', 'Von'],
  caller: ['Number of the caller', 'Nummer des Anrufers'],
  to: ['To', 'Nach'],
  sender: ['Transferred by', 'Weiterverbunden von'],
  at: ['At', 'Wann'],
  ask: ['Explain', 'Erklären'],
  help: [
    'From: an extension, a line, or gateway:NAME for a call that comes in. Transferred by: who is in a call with them and sends it on; empty is a call that is dialled. At: empty is now; times are those of {zone}.',
    'Von: eine Nebenstelle, ein Anschluss oder gateway:NAME für einen Anruf von draußen. Weiterverbunden von: wer mit ihnen spricht und den Anruf weitergibt; leer heißt selbst gewählt. Wann: leer heißt jetzt; Zeiten gelten in {zone}.',
  ],
  call: ['From {from} to {to}', 'Von {from} nach {to}'],
  sent: ['From {from} to {to}, transferred by {by}', 'Von {from} nach {to}, weiterverbunden von {by}'],
  counts: ['{yes} for the call, {no} against', '{yes} dafür, {no} dagegen'],
  yes: ['For it:', 'Dafür:'],
  no: ['Against it:', 'Dagegen:'],
  comesIn: ['a call that comes in', 'ein Anruf von draußen'],
  answer: ['What the switch is answered', 'Was die Anlage zur Antwort bekommt'],
})
