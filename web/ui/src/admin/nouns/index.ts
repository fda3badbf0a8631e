/** All nouns, in groups as the menu has them. */
import { me } from '../../api.ts'
import type { Noun } from '../noun.ts'
import type { Text } from '../text.ts'
import { bans } from './bans.ts'
import { channels } from './channels.ts'
import { domains } from './domains.ts'
import { extensions } from './extensions.ts'
import { keys } from './keys.ts'
import { lines } from './lines.ts'
import { mail } from './mail.ts'
import { revisions } from './revisions.ts'
import { sessions, signIns } from './sessions.ts'
import { settings } from './settings.ts'
import { users } from './users.ts'

export const GROUPS: readonly (readonly [title: Text, nouns: readonly Noun[]])[] = [
  [['People and phones', 'Menschen und Telefone'], [users, extensions, lines, channels, domains]],
  [['Safety', 'Sicherheit'], [sessions, signIns, bans, keys]],
  [['The PBX', 'Die Anlage'], [settings, mail, revisions]],
]

const ALL = GROUPS.flatMap(([, nouns]) => nouns)

export const find = (path: string): Noun | undefined => ALL.find((noun) => noun.path === path)

const isWhole = (): boolean => me.value?.user?.role === 'administrator'

/** The API is who refuses; this only spares people what it would. */
export const mayChange = (noun: Noun): boolean => !noun.whole || isWhole()
export const maySee = (noun: Noun): boolean => !noun.hidden || isWhole()
