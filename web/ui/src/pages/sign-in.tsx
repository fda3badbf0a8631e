import { me, signIn } from '../api.ts'
import { t } from '../i18n.ts'
import { Field, Form } from './form.tsx'

export const SignIn = () => (
  <section class="narrow">
    <h1>{t('signin.title')}</h1>
    <Form submit={t('signin.submit')} work={(fields) => signIn(fields.name ?? '', fields.password ?? '')}>
      <Field name="name" label={t('signin.name')} complete="username" />
      <Field name="password" label={t('signin.password')} type="password" complete="current-password" />
    </Form>
  </section>
)

/** For the heading of pages: who is signed in. */
export const who = (): string => me.value?.user?.display_name || me.value?.user?.name || ''
