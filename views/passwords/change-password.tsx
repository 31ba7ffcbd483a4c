import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { inMain } from '../parts/in-main.ts'
import { NewPasswordFields } from '../parts/new-password.tsx'

/** One's own password in the place of the one that one has. `email` is for password managers. */
export const ChangePassword = ({ email, form }: { email: string; form?: Form | undefined }) => (
  <div class="page">
    <h1>Change password</h1>
    <ErrorSummary form={form} />
    <p>You are signed out everywhere else when you do, and a letter tells you that it was done.</p>
    <form method="post" action="/profile/security/password">
      <input type="text" autocomplete="username" value={email} hidden />
      <Field
        label="Current password"
        name="current_password"
        type="password"
        autocomplete="current-password"
        required
        form={form}
      />
      <NewPasswordFields form={form} />
      <div class="row">
        <button class="btn main">Change password</button>{' '}
        <a href="/profile/security" {...inMain}>
          Cancel
        </a>
      </div>
    </form>
  </div>
)

export const PasswordChanged = ({ mailing }: { mailing: boolean }) => (
  <div class="page">
    <h1>Password changed</h1>
    <p>
      From now on, sign in with the new one. You are signed out everywhere but here
      {mailing && ', and a letter about it is on its way to you'}.
    </p>
    <p>
      <a href="/profile/security" {...inMain}>
        Security
      </a>
    </p>
  </div>
)
