/** All nouns, in groups as the menu has them. */
import { me } from '../../api.ts'
import type { Noun } from '../noun.ts'
import type { Text } from '../text.ts'
import { bans } from './bans.ts'
import { calls } from './calls.ts'
import { channels } from './channels.ts'
import { domains } from './domains.ts'
import { dids } from './dids.ts'
import { extensions } from './extensions.ts'
import { gateways } from './gateways.ts'
import { groups, members } from './groups.ts'
import { keys } from './keys.ts'
import { blocks, callerIds, caps, uses } from './limits.ts'
import { lines } from './lines.ts'
import { mail } from './mail.ts'
import { plans } from './plans.ts'
import { revisions } from './revisions.ts'
import { grants, routes } from './routes.ts'
import { routeTests } from './route-tests.ts'
import { schedules } from './schedules.ts'
import { sessions, signIns } from './sessions.ts'
import { settings } from './settings.ts'
import { users } from './users.ts'

export const GROUPS: readonly (readonly [title: Text, nouns: readonly Noun[]])[] = [
  [['People and phones', 'Menschen und Telefone'], [users, extensions, lines, channels, domains]],
  [['Outside', 'Draußen'], [gateways, routes, groups, dids, schedules, callerIds, plans, blocks, caps, routeTests]],
  [['Safety', 'Sicherheit'], [sessions, signIns, bans, keys]],
  [['The PBX', 'Die Anlage'], [calls, settings, mail, revisions]],
]

/** Those that are worked on at the pages of others, and not by themselves. */
const INNER: readonly Noun[] = [members, grants, uses]

export const NOUNS: readonly Noun[] = GROUPS.flatMap(([, nouns]) => nouns).concat(INNER)

export const find = (path: string): Noun | undefined => NOUNS.find((noun) => noun.path === path)

export const isWhole = (): boolean => me.value?.user?.role === 'administrator'

/** The API is who refuses; this only spares people what it would. */
export const mayChange = (noun: Noun): boolean => !noun.whole || isWhole()
export const maySee = (noun: Noun): boolean => !noun.hidden || isWhole()
