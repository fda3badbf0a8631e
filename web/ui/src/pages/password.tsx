import { changePassword, me } from '../api.ts'
import { t } from '../i18n.ts'
import { Field, Form } from './form.tsx'

const change = async (fields: Record<string, string>): Promise<string> => {
  if (fields.new !== fields.again) throw new Error(t('password.differ'))
  await changePassword(fields.current ?? '', fields.new ?? '')
  return t('password.done')
}

export const Password = () => (
  <section class="narrow">
    <h1>{t('password.title')}</h1>
    {me.value?.must_change_password && <p>{t('password.must')}</p>}
    <Form submit={t('password.submit')} work={change}>
      <input name="name" autocomplete="username" value={me.value?.user?.name ?? ''} hidden readOnly />
      <Field name="current" label={t('password.current')} type="password" complete="current-password" />
      <Field name="new" label={t('password.new')} type="password" complete="new-password" minLength={10} />
      <Field name="again" label={t('password.again')} type="password" complete="new-password" minLength={10} />
    </Form>
  </section>
)
