/** Secrets that were made up, shown this once. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { say } from './text.ts'
import { W } from './words.ts'

/** Names and values, however deep. */
export const flat = (value: unknown, name = ''): [name: string, value: string][] => {
  if (value === null || value === undefined || value === '') return []
  if (Array.isArray(value)) return value.flatMap((one, at) => flat(one, value.length > 1 ? `${name} ${at + 1}` : name))
  if (typeof value === 'object') {
    return Object.entries(value).flatMap(([inner, one]) => flat(one, name ? `${name}: ${inner}` : inner))
  }
  return [[name.replaceAll('_', ' '), String(value)]]
}

export const Once = ({ secrets, close }: { secrets: Record<string, unknown>; close(): void }) => {
  const copied = useSignal(-1)
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  const all = flat(secrets)
  return (
    <section class="once" aria-labelledby="once-title">
      <h2 id="once-title" ref={title} tabIndex={-1}>
        {say(W.once)}
      </h2>
      <p>{say(W.onceText)}</p>
      <dl>
        {all.map(([name, value], at) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>{' '}
              {globalThis.isSecureContext && (
                <button
                  type="button"
                  aria-label={`${say(W.copy)}: ${name}`}
                  onClick={() => void navigator.clipboard.writeText(value).then(() => (copied.value = at), () => {})}
                >
                  {say(copied.value === at ? W.copied : W.copy)}
                </button>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={close}>
        {say(W.close)}
      </button>
    </section>
  )
}
