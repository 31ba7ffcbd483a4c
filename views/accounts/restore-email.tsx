/** Before an account gets the address back that it had. */
export const RestoreEmail = ({ email, token }: { email: string; token: string }) => (
  <>
    <h1>This was not me</h1>
    <p>
      Your account gets the address <b>{email}</b> back.
    </p>
    <p>
      Everybody who is signed in to it is signed out, you too, and its password stops working. A letter to that address
      has a link to choose another.
    </p>
    <form method="post" action="/restore-email">
      <input type="hidden" name="token" value={token} />
      <button class="btn danger">Take my account back</button>
    </form>
    <p class="foot">
      <a href="/sign-in">It was me: change nothing</a>
    </p>
  </>
)

export const EmailRestored = (_: Record<never, never>) => (
  <>
    <h1>Email restored</h1>
    <p>
      Your account has its address back, everybody was signed out, and the password that it had works no longer. A
      letter is on its way to you, with a link to choose another; it works for 30 minutes.
    </p>
    <p>
      If that link asks for a code and you have no app for it, somebody turned on two-factor meanwhile: an Admin of your
      organization can reset it, and tell you what else was done in your name.
    </p>
    <p class="foot">
      <a href="/forgotten-password">Get another link</a>
      <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)

/** One page for every link that doesn't work, so that it tells nobody which reason it was. */
export const RestoreLinkDoesNotWork = (_: Record<never, never>) => (
  <>
    <h1>This link doesn’t work</h1>
    <p>
      A link that takes a change of email back works once and for 7 days. This one may have been used, or be too old;
      the account may have an earlier address back; the address may be in use elsewhere; or a part of it was lost on the
      way.
    </p>
    <p>
      Nothing was changed just now. If you can’t sign in anymore, ask an administrator of your organization at once.
    </p>
    <p class="foot">
      <a href="/sign-in">Sign in</a>
      <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)
