import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { NewPasswordFields } from '../parts/new-password.tsx'

type Props = { action: string; first: boolean; form?: Form | undefined }

/** A password by a link, the `first` one or in the place of another; the token stays in the form's address. */
export const ResetPassword = ({ action, first, form }: Props) => (
  <>
    <h1>{first ? 'Choose your password' : 'Choose a new password'}</h1>
    <ErrorSummary form={form} />
    <form method="post" action={action}>
      <NewPasswordFields form={form} />
      <p class="hint">
        {first
          ? 'Next you sign in with it.'
          : 'You will be signed out everywhere, and can then sign in with the new password.'}
      </p>
      <button class="btn main">{first ? 'Save password' : 'Change password'}</button>
    </form>
  </>
)

/** Before that, for whoever's account asks for a second step: a link in a mailbox is no phone. */
export const ResetSecondStep = ({ action, form }: { action: string; form?: Form | undefined }) => (
  <>
    <h1>Choose a new password</h1>
    <ErrorSummary form={form} />
    <p>Your account has two-factor on, so a code comes first.</p>
    <form method="post" action={action}>
      <Field
        label="Code"
        name="code"
        hint="From your authenticator app, or one of your backup codes"
        code
        autocomplete="one-time-code"
        maxlength={100}
        required
        form={form}
      />
      <button class="btn main">Go on</button>
    </form>
    <p class="foot">
      <a href="/sign-in/lost-device">Lost your device?</a>
    </p>
  </>
)

/** One page for every link that doesn't work, so that it tells nobody which reason it was. */
export const LinkDoesNotWork = (_: Record<never, never>) => (
  <>
    <h1>This link doesn’t work</h1>
    <p>
      A link to choose a password works once, and for 30 minutes; the one in a welcome letter for 72 hours. This one may
      have been used, may be too old, or may have been replaced by a newer one; or a part of it was lost on the way.
    </p>
    <p>
      Nothing was changed just now. If you need a new link, <a href="/forgotten-password">ask for one by mail</a>, or
      ask whoever sent you this one.
    </p>
    <p class="foot">
      <a href="/sign-in">Sign in</a> <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)
