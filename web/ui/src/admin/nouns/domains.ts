import { type Noun, text } from '../noun.ts'

export const domains: Noun = {
  path: 'domains',
  title: ['Domains', 'Domänen'],
  one: ['Domain', 'Domäne'],
  whole: true,
  fields: [
    { name: 'name', label: ['Name', 'Name'], help: ['The SIP domain of its phones.', 'Die SIP-Domäne ihrer Telefone.'], required: true, column: true, sort: true },
    {
      name: 'new_passwords',
      label: ['New passwords for all its lines', 'Neue Passwörter für alle Anschlüsse'],
      help: ['Needed with another name, which is part of what is stored of them.', 'Nötig bei einem anderen Namen: er steckt in dem, was von ihnen gespeichert ist.'],
      kind: 'flag',
      sent: 'edit',
    },
    { name: 'users', label: ['Users', 'Benutzer'], kind: 'number', sent: 'never', column: 'wide' },
    { name: 'extensions', label: ['Extensions', 'Nebenstellen'], kind: 'number', sent: 'never', column: true },
    { name: 'lines', label: ['Lines', 'Anschlüsse'], kind: 'number', sent: 'never', column: 'wide' },
  ],
  called: (row) => text(row, 'name'),
  create: true,
  edit: true,
  remove: true,
  related: [
    { noun: 'users', by: 'domain_id' },
    { noun: 'extensions', by: 'domain_id' },
  ],
}
