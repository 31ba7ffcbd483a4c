import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary } from '../parts/field.tsx'
import { NewPasswordFields } from '../parts/new-password.tsx'

/** A new password by a link; the token stays in the form's address. */
export const ResetPassword = ({ action, form }: { action: string; form?: Form | undefined }) => (
  <>
    <h1>Choose a new password</h1>
    <ErrorSummary form={form} />
    <form method="post" action={action}>
      <NewPasswordFields form={form} />
      <p class="hint">You will be signed out everywhere, and can then sign in with the new password.</p>
      <button class="btn main">Change password</button>
    </form>
  </>
)

/** One page for every link that doesn't work, so that it tells nobody which reason it was. */
export const LinkDoesNotWork = (_: Record<never, never>) => (
  <>
    <h1>This link doesn’t work</h1>
    <p>
      A link to choose a new password works once and for 30 minutes. This one may have been used, may be too old, or may
      have been replaced by a newer one; or a part of it was lost on the way.
    </p>
    <p>Nothing was changed just now. If you need a new link, ask whoever sent you this one.</p>
    <p class="foot">
      <a href="/sign-in">Sign in</a>
      <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)
