import type { Field } from '../noun.ts'

export const DOMAIN_NAME: Field = {
  name: 'domain',
  label: ['Domain', 'Domäne'],
  sent: 'never',
  column: 'wide',
}

/** Its domain, chosen when it is made. With one domain nobody need choose. */
export const DOMAIN: Field = {
  name: 'domain_id',
  label: ['Domain', 'Domäne'],
  help: ['Need not be said where there is only one.', 'Braucht nur zu wählen, wer mehrere hat.'],
  kind: 'ref',
  of: 'domains',
  shows: 'domain',
  sent: 'create',
}

export const ENABLED: Field = {
  name: 'enabled',
  label: ['Enabled', 'Aktiv'],
  kind: 'flag',
  initial: true,
  column: true,
  filter: true,
}

/** What goes into a domain can only be chosen of it. */
export const within = (field: Field): Field => ({ ...field, within: 'domain_id' })
