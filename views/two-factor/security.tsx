import type { Visitor } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { few } from '../../src/two-factor/guess.ts'
import type { TwoFactor } from '../../src/two-factor/queries.ts'
import { ErrorSummary } from '../parts/field.tsx'
import { inMain, sentInMain } from '../parts/in-main.ts'
import { OwnTabs } from '../parts/own-tabs.tsx'
import { Said } from '../parts/said.tsx'
import { Day, ExactTime } from '../parts/time.tsx'

const app = '/profile/security/two-factor'
const codes = '/profile/security/backup-codes'

const Begun = ({ account }: { account: TwoFactor }) => (
  <p class="note">
    {account.code_seed ? (
      <>
        Backup codes are waiting to be saved: <a href={codes}>go on there</a>.
      </>
    ) : (
      <>
        You have begun to add an app: <a href={app}>go on there</a>. Nothing has changed yet.
      </>
    )}
  </p>
)

/** One's own two-factor: whether it is on, and what can be done about it. */
export const Security = ({
  account,
  requiredBy,
  form,
  said,
}: {
  account: TwoFactor
  /** The organization that doesn’t let it be turned off. */
  requiredBy?: string | undefined
  form?: Form | undefined
  said?: string | undefined
}) => {
  const { two_factor_at: since, codes_left: left, time_zone: zone } = account
  return (
    <div class="page">
      <h1>Security</h1>
      <OwnTabs current="/profile/security" />
      <ErrorSummary form={form} />
      <h2>Password</h2>
      <p>
        <a href="/profile/security/password" {...inMain}>
          Change password
        </a>
      </p>
      <h2>Two-factor authentication</h2>
      {account.enrollment && <Begun account={account} />}
      {since ? (
        <>
          <p>
            On since <ExactTime at={since} zone={zone} />. After your password, signing in asks for a code from your
            authenticator app.
          </p>
          <form {...sentInMain(app)}>
            <input type="hidden" name="start" value="on" />
            <div class="row">
              <button class="btn">Replace authenticator</button>{' '}
              {!requiredBy && (
                <a class="btn danger" href={`${app}/off`} {...inMain}>
                  Turn off two-factor
                </a>
              )}
            </div>
          </form>
          {requiredBy && (
            <p>
              <bdi>{requiredBy}</bdi> requires it, so it can’t be turned off.
            </p>
          )}
          <h2>Backup codes</h2>
          <p>
            {left === 0 ? 'None is left.' : left === 1 ? 'One is left.' : `${left} of 10 are left.`}
            {account.backup_made_at && (
              <>
                {' '}
                They were made on <ExactTime at={account.backup_made_at} zone={zone} />.
              </>
            )}{' '}
            {left <= few
              ? 'Make new ones now: without your phone they are the only way in.'
              : 'New ones make the old ones void.'}
          </p>
          <form {...sentInMain(codes)}>
            <input type="hidden" name="make" value="on" />
            <button class="btn">Make new backup codes</button>
          </form>
        </>
      ) : (
        <>
          <p>
            Off. Whoever learns your password can sign in as you. With two-factor they would need your phone as well:
            after your password, Rollcall asks for a code from an app on it.
          </p>
          <form {...sentInMain(app)}>
            <input type="hidden" name="start" value="on" />
            <button class="btn main">Turn on two-factor</button>
          </form>
        </>
      )}
      <h2>Sessions</h2>
      <p>
        <a href="/profile/sessions" {...inMain}>
          See where you are signed in
        </a>
        , and end what isn’t you.
      </p>
      {said && <Said text={said} />}
    </div>
  )
}

/** What turning it off means, before it is done. */
export const TurnOff = ({
  left,
  needed,
  form,
}: {
  left: number
  needed: Visitor['twoFactor']['needed']
  form?: Form | undefined
}) => (
  <div class="page">
    <h1>Turn off two-factor</h1>
    <ErrorSummary form={form} />
    <p>
      From then on your password alone lets somebody in. Your app’s entry and{' '}
      {left === 1 ? 'your last backup code stop' : `your ${left} backup codes stop`} working, and you are signed out
      everywhere else. A letter tells you that it was done.
    </p>
    {needed && (
      <p class="note">
        <bdi>{needed.by}</bdi> requires it from <Day date={needed.from} /> on: then you would have to turn it on again
        before anything else opens.
      </p>
    )}
    <form {...sentInMain(`${app}/off`)}>
      <input type="hidden" name="off" value="on" />
      <div class="row">
        <button class="btn danger" id="off">
          Turn off two-factor
        </button>{' '}
        <a href="/profile/security" {...inMain}>
          Keep it on
        </a>
      </div>
    </form>
  </div>
)
