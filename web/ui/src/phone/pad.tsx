import { t } from '../i18n.ts'
import { key } from './tones.ts'

const KEYS = ['1', '2 ABC', '3 DEF', '4 GHI', '5 JKL', '6 MNO', '7 PQRS', '8 TUV', '9 WXYZ', '*', '0 +', '#']

/** What can be dialled, to who typed something else. */
export const NoNumber = ({ shown }: { shown: boolean }) =>
  shown ? (
    <p class="bad" role="alert">
      {t('phone.number.wrong')}
    </p>
  ) : null

export const Pad = ({ press }: { press(digit: string): void }) => (
  <div class="pad" role="group" aria-label={t('phone.pad')}>
    {KEYS.map((label) => {
      const [digit = '', letters] = label.split(' ')
      return (
        <button
          key={digit}
          type="button"
          onClick={() => {
            key(digit)
            press(digit)
          }}
        >
          {digit}
          <small aria-hidden="true">{letters}</small>
        </button>
      )
    })}
  </div>
)
