import { type Actor, can, fullName } from '../../src/platform/access/actor.ts'
import { shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import type { Requirement } from '../../src/settings/security/two-factor/queries.ts'
import { mostNamed } from '../../src/settings/security/two-factor/rules.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { inMain, sentInMain } from '../parts/in-main.ts'
import { Said } from '../parts/said.tsx'
import { Day } from '../parts/time.tsx'

type Props = {
  actor: Actor
  action: string
  requirement: Requirement
  today: string
  /** Whoever looks has no two-factor themselves. */
  lacks: boolean
  form?: Form | undefined
  said?: string | undefined
}

const lack = (count: number, exact: boolean) =>
  !exact
    ? `At least ${count.toLocaleString('en-US')} active members lack it`
    : count === 1
      ? 'One active member lacks it'
      : `${count.toLocaleString('en-US')} active members lack it`

/** From when on everybody needs two-factor: who lacks it today stands above the button that says so. */
export const RequireTwoFactor = ({ actor, action, requirement, today, lacks, form, said }: Props) => {
  const { two_factor_from: from, count, exact, lacking, exempt, moreExempt, named } = requirement
  const members = `/o/${actor.organization.slug}/members`
  return (
    <div class="page">
      {said && <Said text={said} />}
      <p>
        <a href={action.replace(/\/two-factor$/, '')} {...inMain}>
          Security
        </a>
      </p>
      <h1>Require two-factor</h1>
      <ErrorSummary form={form} />
      <p>
        From the day that you choose on, whoever lacks two-factor gets nothing but the page that turns it on, in
        sessions that are open too. Until then a line above every screen tells them; letters go out 7 days and 1 day
        before.
      </p>
      {lacks && (
        <p class="note">
          You lack it yourself. From that day on you can do nothing here before you have turned it on, so{' '}
          <a href="/profile/security">turn it on first</a>.
        </p>
      )}
      <h2>Who lacks it now</h2>
      <p>
        {count === 0 && exact ? (
          'Every active member has it.'
        ) : (
          <>
            {lack(count, exact)}
            {named && ': '}
            {named && <a href={`${members}?status=active&two_factor=off`}>see them in the table</a>}.
          </>
        )}
      </p>
      {lacking.length > 0 && (
        <ul>
          {lacking.map((one) => (
            <li>
              <a href={`${members}/${shortId(one.id)}`}>
                <bdi>{fullName(one)}</bdi>
              </a>
              {one.id === actor.membership.id && ' (you)'}
              {one.until && (
                <>
                  , exempt until <Day date={one.until} />
                </>
              )}
            </li>
          ))}
          {(count > mostNamed || !exact) && <li>and others</li>}
        </ul>
      )}
      <form {...sentInMain(action)}>
        <input type="hidden" name="version" value={String(requirement.version)} />
        <Field
          label="Required from"
          name="from"
          type="date"
          hint="The day begins at midnight UTC. Empty: nobody has to. With less than 8 days to go the first letter goes out at once."
          form={form}
          value={from ?? ''}
          short
        />
        <div class="row">
          <button class="btn main">Save</button>
        </div>
      </form>
      {from && (
        <>
          <h2>Exempt</h2>
          {exempt.length === 0 ? (
            <p>
              {named
                ? 'Nobody. Whoever can’t have it for a while is exempted from their details, for at most 90 days.'
                : 'To see who is exempt you need “View members”.'}
            </p>
          ) : (
            <table class="rights wide">
              <thead>
                <tr>
                  <th scope="col">Member</th>
                  <th scope="col">Until</th>
                  <th scope="col">
                    <span class="vh">Act</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {exempt.map((one) => (
                  <tr>
                    <th scope="row">
                      <a href={`${members}/${shortId(one.id)}`}>
                        <bdi>{fullName(one)}</bdi>
                      </a>
                      <br />
                      <small>
                        <bdi>{one.reason}</bdi>
                        {one.given_by && (
                          <>
                            {' '}
                            (given by <bdi>{one.given_by}</bdi>)
                          </>
                        )}
                      </small>
                    </th>
                    <td>
                      <Day date={one.until} />
                    </td>
                    <td>
                      {one.id !== actor.membership.id && can(actor, 'settings.security') && (
                        <a href={`${members}/${shortId(one.id)}/end-exemption`}>
                          End exemption<span class="vh"> of {fullName(one)}</span>
                        </a>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {moreExempt && <p>There are more; their details say so.</p>}
        </>
      )}
      {from && from <= today && (
        <p class="note">
          It has been required since <Day date={from} />.
        </p>
      )}
    </div>
  )
}
