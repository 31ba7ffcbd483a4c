import type { Person } from '../../src/members/person.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { sent } from '../parts/sent.ts'

type Props = { person: Person; action: string; back: string; form?: Form | undefined }

const shown = (date: string) => (date.endsWith('infinity') ? '' : date)

export const ChangeDates = ({ person, action, back, form }: Props) => {
  const version = form?.values.version ?? ''
  return (
    <form {...sent(action)}>
      <ErrorSummary form={form} />
      <p class="hint">
        Days are those of UTC. Outside of them they are shown as Not started or Ended, and see a page that names whom to
        ask.
      </p>
      <Field
        label="Start date"
        name="starts_on"
        type="date"
        hint="The first day on which they may work here. Empty: from when they were added."
        form={form}
        value={shown(person.starts_on)}
        short
      />
      <Field
        label="End date"
        name="ends_on"
        type="date"
        hint="The last day on which they may. Empty: no end. A day that has passed ends it at once."
        form={form}
        value={shown(person.ends_on)}
        short
      />
      <input type="hidden" name="version" value={/^[1-9]\d{0,8}$/.test(version) ? version : String(person.version)} />
      <ActButtons label="Save dates" back={back} />
    </form>
  )
}
