import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary } from '../parts/field.tsx'
import { NewPasswordFields } from '../parts/new-password.tsx'
import { SignOut } from '../parts/sign-out.tsx'

/** Somebody who came in with a first password chooses their own before anything else opens. */
export const NewPassword = ({
  email,
  next,
  form,
}: {
  email: string
  next?: string | undefined
  form?: Form | undefined
}) => (
  <>
    <h1>Choose your own password</h1>
    <ErrorSummary form={form} />
    <p>
      You signed in as <bdi>{email}</bdi> with a password that you were given. It can’t be used again: choose your own
      now, which nobody else will know.
    </p>
    <form method="post" action="/sign-in/new-password">
      {next && <input type="hidden" name="next" value={next} />}
      <NewPasswordFields form={form} />
      <button class="btn main">Change password</button>
    </form>
    <SignOut form="foot" look="btn" />
  </>
)
