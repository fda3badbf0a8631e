/** Administration is a bundle of its own, fetched when it is looked at: others need not wait for it. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ComponentType } from 'preact'
import { t } from '../i18n.ts'
import { isAdministrator } from '../nav.tsx'
import { Missing } from './home.tsx'

interface Props {
  rest: readonly string[]
}

const fetched = signal<ComponentType<Props> | null>(null)
const failed = signal(false)

const fetchIt = () => {
  failed.value = false
  import('../admin/admin.tsx').then(
    ({ Admin }) => (fetched.value = Admin),
    () => (failed.value = true),
  )
}

export const Administration = ({ rest }: Props) => {
  const allowed = isAdministrator()
  useEffect(() => {
    if (allowed && !fetched.peek()) fetchIt()
  }, [allowed])
  if (!allowed) return <Missing />
  const Admin = fetched.value
  if (Admin) return <Admin rest={rest} />
  if (!failed.value) return <p class="muted">{t('app.loading')}</p>
  return (
    <p class="narrow" role="alert">
      {t('error.unreachable')}{' '}
      <button type="button" onClick={fetchIt}>
        {t('phone.retry')}
      </button>
    </p>
  )
}
