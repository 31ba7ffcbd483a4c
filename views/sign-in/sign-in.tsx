import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'

/** The door. `changed`: somebody has just chosen a new password. */
export const SignIn = ({
  form,
  next,
  changed,
}: {
  form?: Form | undefined
  next?: string | undefined
  changed?: boolean
}) => (
  <>
    <h1>Sign in</h1>
    <ErrorSummary form={form} />
    {changed && (
      <p class="note" role="status">
        Your password is saved. Sign in with it.
      </p>
    )}
    <form method="post" action="/sign-in">
      {next && <input type="hidden" name="next" value={next} />}
      <Field label="Email or username" name="login" autocomplete="username" maxlength={320} required form={form} />
      <Field label="Password" name="password" type="password" autocomplete="current-password" required form={form} />
      <button class="btn main">Sign in</button>
    </form>
    <p class="foot">
      <a href="/forgotten-password">Forgotten password?</a> <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)
