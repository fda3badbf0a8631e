import { type Field, type Noun, type Part, text } from '../noun.ts'
import { DOMAIN, DOMAIN_NAME, within } from './common.ts'

export const GROUP: Field = within({
  name: 'group_id',
  label: ['Group', 'Gruppe'],
  kind: 'ref',
  of: 'groups',
  sent: 'create',
  column: true,
})

export const EXTENSION: Field = within({
  name: 'extension_id',
  label: ['Extension', 'Nebenstelle'],
  kind: 'ref',
  of: 'extensions',
  sent: 'create',
  column: true,
})

/** What a route's grants are seen from: the route, who has it, or a group. */
export const granted = (by: string): Part => ({
  noun: 'route-grants',
  by,
  title: ['Routes granted', 'Erlaubte Routen'],
  add: [['route_id']],
  same: ['domain_id'],
})

export const groups: Noun = {
  path: 'groups',
  title: ['Groups', 'Gruppen'],
  one: ['Group', 'Gruppe'],
  about: [
    'Extensions that may call out by the same routes.',
    'Nebenstellen, die auf denselben Routen nach draußen rufen dürfen.',
  ],
  empty: [
    'No group yet. One spares you to grant each route to each extension by itself.',
    'Noch keine Gruppe. Sie erspart es, jede Route jeder Nebenstelle einzeln zu erlauben.',
  ],
  fields: [
    { name: 'name', label: ['Name', 'Name'], help: ['Such as sales.', 'Etwa vertrieb.'], required: true, max: 32, column: true, sort: true },
    DOMAIN,
    DOMAIN_NAME,
  ],
  called: (row) => text(row, 'name'),
  create: true,
  edit: true,
  remove: true,
  parts: [
    { noun: 'group-members', by: 'group_id', title: ['Members', 'Mitglieder'], add: [['extension_id']], same: ['domain_id'] },
    granted('group_id'),
  ],
}

export const members: Noun = {
  path: 'group-members',
  title: ['Members', 'Mitglieder'],
  one: ['Member', 'Mitglied'],
  fields: [
    { ...EXTENSION, required: true },
    { ...GROUP, required: true },
    DOMAIN_NAME,
  ],
  called: (row) => text(row, 'extension'),
  create: true,
  remove: true,
}
