/** What to try, and whom to ask. It says the same to everybody. */
export const CannotSignIn = () => (
  <>
    <h1>Can’t sign in?</h1>
    <h2>What to try first</h2>
    <p>Use the email address that your organization knows you by, or your username if you have one.</p>
    <p>Look at Caps Lock and at the language of your keyboard: a password must be typed exactly as it was chosen.</p>
    <p>
      After several wrong tries you have to wait, for a second at first and for 15 minutes at most. The page says how
      long. Tries before that are not looked at.
    </p>
    <p>A password that somebody gave you works once, for 72 hours. After that, ask them for another one.</p>
    <p>
      If you don’t know your password anymore, see <a href="/forgotten-password">Forgotten password?</a>
    </p>
    <p>
      If you are asked for a code and don’t have your phone, see <a href="/sign-in/lost-device">Lost your device?</a>
    </p>
    <h2>If your account is blocked</h2>
    <p>
      Too many wrong tries in a row block an account. We tell its owner by mail, and nobody else, so this page can’t say
      whether yours is blocked. Choosing a new password by a mailed link ends a block.
    </p>
    <h2>Whom to ask</h2>
    <p>
      An administrator of your organization can help you. If you don’t know who that is, ask the person who told you to
      use Rollcall.
    </p>
    <p class="foot">
      <a href="/sign-in">Sign in</a>
    </p>
  </>
)
