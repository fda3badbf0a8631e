/** What another thing is called, of which only the id is known. */
import { signal, type Signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { show } from './client.ts'
import { find, maySee } from './nouns/index.ts'
import { say } from './text.ts'
import { W } from './words.ts'

/** So long a name is believed. */
const FRESH = 30_000

interface Known {
  name: Signal<string>
  asked: number
}

/** Lists name the same things in many rows: each is asked for once. */
const known = new Map<string, Known>()

const nameOf = (path: string, id: string): Signal<string> => {
  const key = `${path}/${id}`
  const found = known.get(key)
  const now = Date.now()
  if (found && now - found.asked < FRESH) return found.name
  const name = found?.name ?? signal('…')
  known.set(key, { name, asked: now })
  const noun = find(path)
  const ask = noun && maySee(noun) ? show(path, id).then((row) => noun.called(row)) : Promise.reject(new Error())
  ask.then(
    (called) => (name.value = called),
    () => {
      // It is gone, or not for these eyes.
      name.value = say(W.unseen)
      known.delete(key)
    },
  )
  return name
}

export const Named = ({ path, id }: { path: string; id: string }) => {
  const name = useMemo(() => nameOf(path, id), [path, id])
  return <>{name.value}</>
}
