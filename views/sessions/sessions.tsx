import type { Visitor } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { deviceOf } from '../../src/sessions/device.ts'
import type { OwnSession } from '../../src/sessions/queries.ts'
import { ErrorSummary } from '../parts/field.tsx'
import { inMain } from '../parts/in-main.ts'
import { OwnTabs } from '../parts/own-tabs.tsx'
import { Time } from '../parts/time.tsx'

type Props = { visitor: Visitor; sessions: OwnSession[]; now: Date; form?: Form | undefined }

/** Halfway in: whoever it is knows the password. */
const halfway: Record<string, string> = {
  password: 'Waits for its code',
  new_password: 'Must choose a password',
  enroll: 'Must turn on two-factor',
}

const path = '/profile/sessions'

/** Where one is signed in. */
export const Sessions = ({ visitor, sessions, now, form }: Props) => {
  const own = visitor.session.idHash
  const others = sessions.filter((one) => !one.id_hash.equals(own))
  const table = (
    <table class="rights wide">
      <caption class="vh">Your sessions, the last used first</caption>
      <thead>
        <tr>
          <th scope="col">Device</th>
          <th scope="col">Last used</th>
          <th scope="col">
            <span class="vh">End it</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((one) => (
          <Row session={one} own={one.id_hash.equals(own)} now={now} zone={visitor.account.timeZone} />
        ))}
      </tbody>
    </table>
  )
  return (
    <div class="page">
      <h1>Sessions</h1>
      <OwnTabs current="/profile/sessions" />
      <ErrorSummary form={form} />
      <p>
        {others.length === 0
          ? 'You are signed in here, and nowhere else.'
          : 'You are signed in in these places. If you don’t know one of them, end it and change your password.'}
      </p>
      {table}
      {others.length > 0 && (
        <form method="post" action={path}>
          <input type="hidden" name="end" value="others" />
          <p class="row">
            <button class="btn danger">End all others</button>
          </p>
        </form>
      )}
      <p>
        <a href="/profile/security/password" {...inMain}>
          Change password
        </a>
      </p>
    </div>
  )
}

const Row = ({ session: one, own, now, zone }: { session: OwnSession; own: boolean; now: Date; zone: string }) => {
  const device = deviceOf(one.user_agent)
  return (
    <tr>
      <th scope="row">
        {device} <small>{one.ip}</small>
        {halfway[one.stage] && (
          <>
            {' '}
            <small>{halfway[one.stage]}</small>
          </>
        )}
      </th>
      <td>
        <Time at={one.last_used_at} now={now} zone={zone} />
      </td>
      <td>
        {own ? (
          <b>This one</b>
        ) : (
          <form method="post" action={path}>
            <input type="hidden" name="end" value={one.id_hash.toString('base64url')} />
            <button class="btn" aria-label={`End ${device}`}>
              End
            </button>
          </form>
        )}
      </td>
    </tr>
  )
}
