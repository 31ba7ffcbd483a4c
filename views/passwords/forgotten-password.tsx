import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'

/** Asks for the address; where no mail is sent it says so, and whom to ask. */
export const ForgottenPassword = ({ mailing, form }: { mailing: boolean; form?: Form | undefined }) => (
  <>
    <h1>Forgotten password</h1>
    {mailing ? (
      <>
        <ErrorSummary form={form} />
        <p>We write to you with a link, and by it you choose a new password. The old one works until then.</p>
        <form method="post" action="/forgotten-password">
          <Field
            label="Email"
            name="email"
            type="email"
            hint="The address that your organization knows you by"
            autocomplete="email"
            maxlength={254}
            required
            form={form}
          />
          <button class="btn main">Send link</button>
        </form>
      </>
    ) : (
      <>
        <p>This installation of Rollcall sends no mail, so it can’t send you a link.</p>
        <p>
          Ask an administrator of your organization: they can make a link with which you choose a new password, and give
          it to you. If you don’t know who that is, ask the person who told you to use Rollcall.
        </p>
        <p>If you are the administrator, ask whoever runs this installation. They can print such a link.</p>
      </>
    )}
    <p class="foot">
      <a href="/sign-in">Sign in</a> <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)

/** The same whether or not somebody has the address. */
export const LinkOnItsWay = (_: Record<never, never>) => (
  <>
    <h1>Look into your mail</h1>
    <p>
      If an account has the address that you typed, a letter with a link is on its way to it. The link works once and
      for 30 minutes.
    </p>
    <p>
      Nothing there after a few minutes? Look where your mail keeps spam, and whether you typed the address that your
      organization knows you by. We write at most three times an hour to one address.
    </p>
    <p>
      If you are invited and haven’t joined yet, there is no password: use the link of your invitation. Otherwise an
      administrator of your organization can help you.
    </p>
    <p class="foot">
      <a href="/sign-in">Sign in</a> <a href="/forgotten-password">Try another address</a>
    </p>
  </>
)
