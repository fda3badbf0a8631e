/** Which microphone, speaker and ringer: what was chosen if it is there, else the default. */
import { computed, signal } from '@preact/signals'
import { store } from '../storage.ts'

export type Use = 'microphone' | 'speaker' | 'ringer'

const KEPT = 'pbx-devices'

const kept = store.json(KEPT)
const chosenBefore = (use: Use): string => {
  const value = typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>)[use] : ''
  return typeof value === 'string' ? value : ''
}

/** Device ids; empty: the default. */
export const wanted = signal<Record<Use, string>>({
  microphone: chosenBefore('microphone'),
  speaker: chosenBefore('speaker'),
  ringer: chosenBefore('ringer'),
})

export const present = signal<MediaDeviceInfo[]>([])

/** A device that was in use is gone. */
export const unplugged = signal(false)

/** Of each use, the id to use now. */
export const used = computed<Record<Use, string>>(() => {
  const there = (use: Use) => {
    const id = wanted.value[use]
    return id && present.value.some((device) => device.deviceId === id && device.kind === kind(use)) ? id : ''
  }
  return { microphone: there('microphone'), speaker: there('speaker'), ringer: there('ringer') }
})

export const kind = (use: Use): MediaDeviceKind => (use === 'microphone' ? 'audioinput' : 'audiooutput')

export const chooseDevice = (use: Use, id: string): void => {
  wanted.value = { ...wanted.value, [use]: id }
  unplugged.value = false
  store.set(KEPT, JSON.stringify(wanted.value))
}

/** Names are only told once the microphone was allowed. */
export const refresh = async (): Promise<void> => {
  const before = used.value
  try {
    present.value = await navigator.mediaDevices.enumerateDevices()
  } catch {
    present.value = []
  }
  const after = used.value
  const lost = (Object.keys(before) as Use[]).some((use) => before[use] !== '' && after[use] === '')
  if (lost) unplugged.value = true
}

export const watchDevices = (): void => {
  if (!navigator.mediaDevices) return
  navigator.mediaDevices.addEventListener('devicechange', () => void refresh())
  void refresh()
}

/** Opens the microphone in use; the default one if it is gone meanwhile. */
export const openMicrophone = async (): Promise<MediaStream> => {
  const { mediaDevices } = navigator
  if (!mediaDevices) throw new DOMException('no secure page', 'SecurityError')
  const comfort = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
  const id = used.peek().microphone
  const open = (more: MediaTrackConstraints) => mediaDevices.getUserMedia({ audio: { ...comfort, ...more } })
  try {
    return await open(id ? { deviceId: { exact: id } } : {})
  } catch (error) {
    if (!id || (error as Error).name === 'NotAllowedError') throw error
    return open({})
  } finally {
    void refresh()
  }
}

/** Whether this browser lets a page choose where sound comes out. */
export const canChooseOutput = (): boolean => 'setSinkId' in HTMLMediaElement.prototype

/** Has an element sound on a device; on the default one where that cannot be. */
export const route = async (element: HTMLMediaElement | AudioContext, id: string): Promise<void> => {
  const able = element as { setSinkId?: (id: string) => Promise<void> }
  await able.setSinkId?.(id).catch(() => able.setSinkId?.('').catch(() => {}))
}
