import { type Noun, text } from '../noun.ts'

export const mail: Noun = {
  path: 'mail',
  fact: true,
  title: ['Mail queue', 'Mailschlange'],
  one: ['Mail', 'Mail'],
  about: ['Mail about voicemail and calls for help, and webhooks, that wait or were given up.', 'Mails über Nachrichten und Notrufe, und Webhooks, die warten oder aufgegeben wurden.'],
  fields: [
    { name: 'recipient', label: ['To', 'An'], sent: 'never', column: true, sort: true },
    {
      name: 'state',
      label: ['State', 'Zustand'],
      kind: 'choice',
      choices: [
        ['waiting', ['waiting', 'wartet']],
        ['failed', ['given up', 'aufgegeben']],
      ],
      sent: 'never',
      column: true,
      sort: true,
      filter: true,
    },
    {
      name: 'kind',
      label: ['About', 'Worüber'],
      kind: 'choice',
      choices: [
        ['voicemail', ['a message', 'eine Nachricht']],
        ['emergency', ['a call for help', 'einen Notruf']],
        ['webhook', ['a call for help, as a webhook', 'einen Notruf, als Webhook']],
      ],
      sent: 'never',
      column: 'wide',
      filter: true,
    },
    { name: 'mailbox', label: ['Mailbox', 'Mailbox'], sent: 'never', column: 'wide' },
    { name: 'caller_name', label: ['Caller', 'Anrufer'], sent: 'never' },
    { name: 'caller_number', label: ['Number of the caller', 'Nummer des Anrufers'], sent: 'never', column: 'wide' },
    { name: 'left_at', label: ['Left', 'Hinterlassen'], kind: 'time', sent: 'never', column: 'wide', sort: true },
    { name: 'attempts', label: ['Attempts', 'Versuche'], kind: 'number', sent: 'never', sort: true },
    { name: 'next_at', label: ['Next attempt', 'Nächster Versuch'], kind: 'time', sent: 'never', sort: true },
    { name: 'last_error', label: ['Why it failed', 'Warum es scheiterte'], sent: 'never' },
  ],
  called: (row) => text(row, 'recipient'),
  remove: true,
  actions: [
    {
      name: 'retry',
      label: ['Try now', 'Jetzt versuchen'],
      sure: ['It is sent again at once.', 'Sie wird sofort noch einmal geschickt.'],
    },
  ],
}
