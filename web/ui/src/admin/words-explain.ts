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
  at: ['At', 'Wann'],
  ask: ['Explain', 'Erklären'],
  help: [
    'From: an extension, a line, or gateway:NAME for a call that comes in. At: empty is now; times are those of {zone}.',
    'Von: eine Nebenstelle, ein Anschluss oder gateway:NAME für einen Anruf von draußen. Wann: leer heißt jetzt; Zeiten gelten in {zone}.',
  ],
  call: ['From {from} to {to}', 'Von {from} nach {to}'],
  counts: ['{yes} for the call, {no} against', '{yes} dafür, {no} dagegen'],
  yes: ['For it:', 'Dafür:'],
  no: ['Against it:', 'Dagegen:'],
  comesIn: ['a call that comes in', 'ein Anruf von draußen'],
  answer: ['What the switch is answered', 'Was die Anlage zur Antwort bekommt'],
})
