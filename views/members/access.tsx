import type { Access, Choices } from '../../src/members/access/rules.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { AccessFields } from '../parts/access-fields.tsx'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary } from '../parts/field.tsx'
import { sent } from '../parts/sent.ts'

type Props = {
  person: { version: number }
  actor: Actor
  now: Access
  choices: Choices
  action: string
  back: string
  form?: Form | undefined
}

/** Everything that somebody may be given, in one form that is saved at once. */
export const ChangeAccess = ({ person, actor, now, choices, action, back, form }: Props) => {
  const version = form?.values.version ?? ''
  return (
    <form {...sent(action)} class="access">
      <ErrorSummary form={form} />
      <AccessFields actor={actor} now={now} has={now} choices={choices} form={form} />
      <input type="hidden" name="version" value={/^[1-9]\d{0,8}$/.test(version) ? version : String(person.version)} />
      <ActButtons label="Save access" back={back} />
    </form>
  )
}
