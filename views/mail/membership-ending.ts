import type { Facts } from '../../src/mail/facts.ts'
import { dayOf } from '../../src/platform/access/status.ts'
import { day } from '../parts/time.tsx'
import { letter, moment } from './letter.tsx'

const whoever = ({ name, email }: Facts['admins'][number]) => (name ? `${name} (${email})` : email)

/** To somebody to whom the organization closes in some days, while there is time to say that it shouldn’t; or did so now. */
export const membershipEnding = (facts: Facts) => {
  const over = facts.endsOn < dayOf(facts.at)
  return letter(
    facts,
    over ? 'Your membership has ended' : 'Your membership ends soon',
    over
      ? `Your membership of ${facts.organization} has ended: its end date was set to ${day(facts.endsOn)} on ${moment(facts.at, facts.zone)}. You can’t open anything of the organization anymore. Other organizations that you are in go on.`
      : `Your membership of ${facts.organization} ends: ${day(facts.endsOn)} (UTC) is your last day. From the next one on you can’t open anything of the organization. Other organizations that you are in go on.`,
    facts.admins.length > 0
      ? `If you didn’t expect this, ask ${facts.admins.map(whoever).join(', or ')}: they can change the date.`
      : 'If you didn’t expect this, ask an administrator of the organization: they can change the date.',
    ...(over ? [] : [{ label: 'Sign in', href: facts.signIn }]),
  )
}
