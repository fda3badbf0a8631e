import { type Noun, text } from '../noun.ts'
import { DOMAIN_NAME } from './common.ts'

export const channels: Noun = {
  path: 'channels',
  title: ['Channels', 'Kanäle'],
  one: ['Channel', 'Kanal'],
  about: [
    'The page that an extension’s browsers are phones at. It comes and goes with the extension.',
    'Die Seite, auf der Browser Telefone einer Nebenstelle sind. Sie kommt und geht mit der Nebenstelle.',
  ],
  fields: [
    { name: 'name', label: ['Name', 'Name'], sent: 'never', column: true, sort: true },
    { name: 'extension', label: ['Extension', 'Nebenstelle'], sent: 'never', column: true },
    DOMAIN_NAME,
    { name: 'url', label: ['Address', 'Adresse'], sent: 'never', column: true },
  ],
  called: (row) => text(row, 'name'),
}
