import { type Carried, proofFields } from '../../src/platform/access/confirmed.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { SignOut } from '../parts/sign-out.tsx'

type Props = {
  action: string
  twoFactor: boolean
  /** What is done once it is confirmed; without any, a page is gone to. */
  carried?: Carried
  next?: string | undefined
  /** Whoever must enroll before anything else opens. */
  enrolling?: boolean
  /** On the sheet of the door. */
  atDoor?: boolean
  form?: Form | undefined
}

/** Before what mustn't be done by whoever sits down at somebody else's browser. */
export const Confirm = ({ action, twoFactor, carried = [], next, enrolling = false, atDoor = false, form }: Props) => (
  <div class={atDoor ? undefined : 'page'}>
    <h1>Confirm that it is you</h1>
    <ErrorSummary form={form} />
    <p>
      {carried.length > 0 && !enrolling
        ? 'What you typed is kept, and is done with your answer.'
        : 'What comes next is about who gets in, or what leaves Rollcall.'}{' '}
      You aren’t asked again for ten minutes.
    </p>
    <form method="post" action={action}>
      {carried.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {next && <input type="hidden" name="next" value={next} />}
      <Field
        label="Your password"
        name={proofFields.password}
        type="password"
        autocomplete="current-password"
        form={form}
      />
      {twoFactor && (
        <Field
          label="Or a code from your authenticator app"
          name={proofFields.code}
          code
          autocomplete="one-time-code"
          form={form}
        />
      )}
      <button class="btn main">Confirm</button>
    </form>
    {enrolling && <SignOut form="foot" look="btn" />}
  </div>
)
