/** Before a new address becomes somebody's. */
export const ConfirmEmail = ({ email, token }: { email: string; token: string }) => (
  <>
    <h1>Confirm your email</h1>
    <p>
      From then on <b>{email}</b> is the address that you sign in with and get mail at.
    </p>
    <p>You will be signed out everywhere else, and links to choose a new password stop working.</p>
    <form method="post" action="/confirm-email">
      <input type="hidden" name="token" value={token} />
      <button class="btn main">Confirm email</button>
    </form>
  </>
)

/** Whoever confirmed it where they are signed in still is. */
export const EmailConfirmed = ({ signedIn }: { signedIn: boolean }) => (
  <>
    <h1>Email changed</h1>
    <p>
      From now on, sign in with the new address. The password is the same as before, and the old address got a letter
      about it.
    </p>
    <p class="foot">{signedIn ? <a href="/profile">Your account</a> : <a href="/sign-in">Sign in</a>}</p>
  </>
)

/** One page for every link that doesn't work, so that it tells nobody which reason it was. */
export const EmailLinkDoesNotWork = (_: Record<never, never>) => (
  <>
    <h1>This link doesn’t work</h1>
    <p>
      A link that confirms an email address works once and for 60 minutes. This one may have been used, may be too old,
      or may have been canceled or replaced by a newer one; the account or the address may be in use elsewhere; or a
      part of it was lost on the way.
    </p>
    <p>
      Nothing was changed just now. If you need a new link, enter the address again in your profile, or ask whoever sent
      you this one.
    </p>
    <p class="foot">
      <a href="/sign-in">Sign in</a>
      <a href="/cannot-sign-in">Can’t sign in?</a>
    </p>
  </>
)
