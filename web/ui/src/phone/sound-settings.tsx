import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { t } from '../i18n.ts'
import { loudness } from '../verto/quality.ts'
import { canChooseOutput, chooseDevice, kind, openMicrophone, present, used, type Use } from './devices.ts'
import { play, unlock } from './tones.ts'

export const SoundSettings = () => (
  <details>
    <summary>{t('devices.title')}</summary>
    <Choice use="microphone" label={t('devices.microphone')} />
    {canChooseOutput() && (
      <>
        <Choice use="speaker" label={t('devices.speaker')} />
        <Choice use="ringer" label={t('devices.ringer')} />
      </>
    )}
    <div class="row">
      <Level />
      <button
        type="button"
        onClick={() => {
          void unlock().then(() => play('ring'))
          setTimeout(() => play(null), 2_500)
        }}
      >
        {t('devices.ring')}
      </button>
    </div>
  </details>
)

const Choice = ({ use, label }: { use: Use; label: string }) => {
  const devices = present.value.filter((device) => device.kind === kind(use) && device.deviceId !== 'default')
  return (
    <label>
      {label}
      <select value={used.value[use]} onChange={(event) => chooseDevice(use, event.currentTarget.value)}>
        <option value="">{t('devices.default')}</option>
        {devices.map((device, at) => device.deviceId && (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || `${label} ${at + 1}`}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Shows how loud the chosen microphone hears. */
const Level = () => {
  const testing = useSignal(false)
  const level = useSignal(0)
  const fault = useSignal('')
  const device = used.value.microphone
  useEffect(() => {
    if (!testing.value) return
    let over = false
    let end = () => {}
    openMicrophone().then(
      (stream) => {
        const context = new AudioContext()
        const analyser = context.createAnalyser()
        const samples = new Float32Array(analyser.fftSize)
        context.createMediaStreamSource(stream).connect(analyser)
        const timer = setInterval(() => {
          analyser.getFloatTimeDomainData(samples)
          const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length
          level.value = loudness(Math.sqrt(power))
        }, 80)
        end = () => {
          clearInterval(timer)
          for (const track of stream.getTracks()) track.stop()
          void context.close()
        }
        if (over) end()
      },
      (error: Error) => {
        fault.value = t(error.name === 'NotAllowedError' ? 'cause.MICROPHONE_REFUSED' : 'cause.NO_MICROPHONE')
        testing.value = false
      },
    )
    return () => {
      over = true
      level.value = 0
      end()
    }
  }, [testing.value, device])
  return (
    <>
      <button
        type="button"
        aria-pressed={testing.value}
        onClick={() => {
          fault.value = ''
          testing.value = !testing.value
        }}
      >
        {t(testing.value ? 'devices.stop' : 'devices.test')}
      </button>
      {testing.value && <meter aria-label={t('devices.level')} min={0} max={1} value={level.value} />}
      {fault.value && (
        <span class="bad" role="alert">
          {fault.value}
        </span>
      )}
    </>
  )
}
