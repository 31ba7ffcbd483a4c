import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { SignOut } from '../parts/sign-out.tsx'

type Props = { form?: Form | undefined; next?: string | undefined }

/** After the password of somebody whose account asks for a second step. */
export const SecondStep = ({ form, next }: Props) => (
  <>
    <h1>Enter your code</h1>
    <ErrorSummary form={form} />
    <form method="post" action="/sign-in/two-factor">
      {next && <input type="hidden" name="next" value={next} />}
      <Field
        label="Code"
        name="code"
        hint="The six digits that your authenticator app shows for Rollcall"
        code
        inputmode="numeric"
        autocomplete="one-time-code"
        maxlength={100}
        required
        autofocus
        form={form}
      />
      <button class="btn main">Sign in</button>
    </form>
    <p class="foot">
      <a href="/sign-in/backup-code">Use a backup code</a> <a href="/sign-in/lost-device">Lost your device?</a>
    </p>
    <SignOut form="foot" look="btn" />
  </>
)

export const BackupCode = ({ form, next }: Props) => (
  <>
    <h1>Use a backup code</h1>
    <ErrorSummary form={form} />
    <form method="post" action="/sign-in/backup-code">
      {next && <input type="hidden" name="next" value={next} />}
      <Field
        label="Backup code"
        name="code"
        hint="One of the ten that you saved, for example 7HTQM-4XDW2. Each works once."
        code
        autocomplete="off"
        maxlength={100}
        required
        autofocus
        form={form}
      />
      <button class="btn main">Sign in</button>
    </form>
    <p class="foot">
      <a href="/sign-in/two-factor">Use your app</a> <a href="/sign-in/lost-device">Lost your device?</a>
    </p>
    <SignOut form="foot" look="btn" />
  </>
)

/** What is possible without the phone. It says the same to everybody. */
export const LostDevice = () => (
  <>
    <h1>Lost your device?</h1>
    <p>Your password alone doesn’t let you in, and nobody can send you a code: only your app makes them.</p>
    <h2>With a backup code</h2>
    <p>
      When you turned two-factor on, you saved ten codes. Each signs you in once, after your password, in the place of
      the app’s code. <a href="/sign-in/backup-code">Use a backup code</a>
    </p>
    <p>Then replace your authenticator under Security, so that the lost device makes no codes for you.</p>
    <h2>Without one</h2>
    <p>
      An administrator of your organization can reset your two-factor, as long as it is the only one that you are in.
      You get a letter, and set up a new app when you sign in. If you don’t know who that is, ask the person who told
      you to use Rollcall.
    </p>
    <p>
      If you are in several organizations, or if you are the only administrator, ask whoever runs this installation of
      Rollcall: they can reset it too.
    </p>
    <p class="foot">
      <a href="/sign-in">Sign in</a> <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)
