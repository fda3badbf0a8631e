import { useSignal } from '@preact/signals'
import { t, type Key } from '../i18n.ts'
import { live } from '../live.ts'
import { openMicrophone } from './devices.ts'
import type { Hub } from './hub.ts'
import { locked, unlock } from './tones.ts'

type Verdict = boolean | null

/** Whether the browser finds an address that the switch could send to. */
const path = async (): Promise<boolean> => {
  const peer = new RTCPeerConnection()
  try {
    peer.addTransceiver('audio')
    const found = new Promise<boolean>((resolve) => {
      peer.onicecandidate = (event) => {
        if (event.candidate?.candidate) resolve(true)
        else if (!event.candidate) resolve(false)
      }
      setTimeout(() => resolve(false), 5_000)
    })
    await peer.setLocalDescription(await peer.createOffer())
    return await found
  } finally {
    peer.close()
  }
}

const microphone = async (): Promise<boolean> => {
  const stream = await openMicrophone()
  for (const track of stream.getTracks()) track.stop()
  return true
}

/** What a call needs, tried one by one. */
export const Diagnostics = ({ hub }: { hub: Hub }) => {
  const tried = useSignal<{ microphone: Verdict; path: Verdict } | null>(null)
  const run = async () => {
    tried.value = { microphone: null, path: null }
    await unlock()
    const heard = await microphone().catch(() => false)
    tried.value = { microphone: heard, path: null }
    const reached = await path().catch(() => false)
    tried.value = { microphone: heard, path: reached }
  }
  const results: [Key, Verdict][] = tried.value
    ? [
        ['diagnostics.secure', globalThis.isSecureContext],
        ['diagnostics.microphone', tried.value.microphone],
        ['diagnostics.path', tried.value.path],
        ['diagnostics.link', hub.state.value.link === 'ready'],
        ['diagnostics.sound', hub.here.value ? !locked.value : !hub.state.value.locked],
        ['diagnostics.live', live.value],
      ]
    : []
  return (
    <details onToggle={(event) => event.currentTarget.open && void run()}>
      <summary>{t('diagnostics.title')}</summary>
      <div role="status">
        <ul class="checks">
          {results.map(([key, good]) => (
            <li key={key} class={good === null ? 'muted' : good ? 'good' : 'bad'}>
              {t(key)}: {t(good === null ? 'diagnostics.wait' : good ? 'diagnostics.ok' : 'diagnostics.bad')}
            </li>
          ))}
        </ul>
      </div>
      <button type="button" onClick={() => void run()}>
        {t('diagnostics.run')}
      </button>
    </details>
  )
}
