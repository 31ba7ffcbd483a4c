import type { Person } from '../../src/members/person.ts'
import { mostExemptDays } from '../../src/members/rules.ts'
import { fullName } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { sent } from '../parts/sent.ts'
import { Day } from '../parts/time.tsx'

type Props = { person: Person; action: string; back: string; today: string; form?: Form | undefined }

export const Exempt = ({ person, action, back, today, form }: Props) => {
  const { two_factor_from: from, exempt_until: until, exempt_reason: reason } = person
  const running = until !== null && until >= today
  return (
    <form {...sent(action)}>
      <ErrorSummary form={form} />
      <p>
        Two-factor is required here {from && from <= today ? 'since' : 'from'} {from && <Day date={from} />}
        {from && from > today && ' on'}. Until the day that you choose, <bdi>{fullName(person)}</bdi> gets in with their
        password alone; then it is required of them by itself. Admins get a letter 7 days before.
      </p>
      {running && (
        <p class="note">
          They are exempt until <Day date={until} /> already. What you save takes its place.
        </p>
      )}
      <Field
        label="Last day"
        name="until"
        type="date"
        hint={`The day ends at midnight UTC. At most ${mostExemptDays} days from now.`}
        form={form}
        value={running ? until : ''}
        short
        required
      />
      <Field
        label="Reason"
        name="reason"
        hint="Whoever may change the security settings can read it."
        maxlength={200}
        autocomplete="off"
        form={form}
        value={running ? (reason ?? '') : ''}
        required
      />
      <input type="hidden" name="version" value={String(person.version)} />
      <ActButtons label="Exempt from two-factor" back={back} />
    </form>
  )
}

export const EndExemption = ({ person, action, back, today, form }: Props) => {
  const { two_factor_from: from, exempt_until: until } = person
  return (
    <form {...sent(action)}>
      <ErrorSummary form={form} />
      <p>
        <bdi>{fullName(person)}</bdi> is exempt from two-factor until {until && <Day date={until} />}.{' '}
        {from && from <= today && !person.has_two_factor
          ? 'When you end it, they get nothing but the page that turns two-factor on, from their next request on.'
          : 'When you end it, what holds for everybody holds for them.'}
      </p>
      <input type="hidden" name="version" value={String(person.version)} />
      <ActButtons label="End exemption" back={back} danger />
    </form>
  )
}
