import type { Invitation } from '../../src/joining/invitation.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'

/** Before an invitation is declined. */
export const Decline = ({
  invitation,
  token,
  form,
}: {
  invitation: Invitation
  token: string
  form?: Form | undefined
}) => (
  <>
    <h1>Decline the invitation</h1>
    <ErrorSummary form={form} />
    <p>
      You won’t join <bdi>{invitation.organization.name}</bdi>, and the link stops working. Whoever invited you is told.
    </p>
    <form method="post" action="/join/decline">
      <input type="hidden" name="token" value={token} />
      <Field label="Reason" name="reason" hint="May stay empty." maxlength={500} autocomplete="off" form={form} />
      <button class="btn danger">Decline</button>
    </form>
    <p class="foot">
      <a href="/join">Back to the invitation</a>
    </p>
  </>
)

export const Declined = (_: Record<never, never>) => (
  <>
    <h1>Invitation declined</h1>
    <p>
      Thank you for saying so. Whoever invited you is told, and the link works no longer. There is nothing else to do.
    </p>
  </>
)

/** Nothing of why: that would tell of people’s rights there. */
export const WaitsAgain = (_: Record<never, never>) => (
  <>
    <h1>Your invitation waits for approval</h1>
    <p>
      Somebody of the organization must approve it once more before you can join. They have been asked, and you get a
      new mail as soon as they did. The link that you have works no longer, and nothing was kept of what you typed.
    </p>
  </>
)

/** One page for every link that doesn’t work, so that it tells nobody which reason it was, and of no organization. */
export const LinkDoesNotWork = ({ token }: { token: string }) => (
  <>
    <h1>This link doesn’t work</h1>
    <p>
      A link to join works once and for a limited time. This one may have been used, may be too old, or may have been
      replaced by a newer one; the invitation may have been declined or withdrawn, or wait for approval; or a part of
      the link was lost on the way. If you have joined already, sign in. If you have a newer mail, use the link in that
      one.
    </p>
    <form method="post" action="/join/ask">
      <input type="hidden" name="token" value={token} />
      <input type="hidden" name="ask" value="on" />
      <button class="btn main">Ask for a new one</button>
    </form>
    <p class="foot">
      <a href="/sign-in">Sign in</a> <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)

export const Asked = (_: Record<never, never>) => (
  <>
    <h1>Thank you</h1>
    <p>
      If the link belongs to an invitation, whoever sent it is told that you ask for a new one. When they send it, it
      comes by mail to the address that was invited. If nothing comes, ask them directly.
    </p>
  </>
)
