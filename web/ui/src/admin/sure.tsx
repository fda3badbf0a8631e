/** Asks before something is done that cannot be seen to be undone. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { languageOf } from '../refusals.ts'
import { say } from './text.ts'
import { W } from './words.ts'

interface Props {
  title: string
  does: string
  problem?: string
  busy: boolean
  yes(): void
  no(): void
  children?: ComponentChildren
}

export const Sure = ({ title, does, problem, busy, yes, no, children }: Props) => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-labelledby="sure-title" onClose={no}>
      <h2 id="sure-title">{title}</h2>
      {children}
      <p role="alert" class="bad" lang={languageOf(problem ?? '')}>
        {problem}
      </p>
      <div class="row">
        <button type="button" class="hangup" disabled={busy} onClick={yes}>
          {does}
        </button>
        <button type="button" onClick={() => dialog.current?.close()}>
          {say(W.cancel)}
        </button>
      </div>
    </dialog>
  )
}
