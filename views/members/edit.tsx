import type { ChangeSince } from '../../src/members/conflict.ts'
import { profileOf, type Regions } from '../../src/members/edit/rules.ts'
import type { Person } from '../../src/members/person.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { Changed, VersionOf } from '../parts/changed.tsx'
import { ContactFields } from '../parts/contact-fields.tsx'
import { ErrorSummary } from '../parts/field.tsx'
import { Places } from '../parts/places.tsx'
import { sent } from '../parts/sent.ts'

type Props = {
  person: Person
  /** Null for somebody who may not place people. */
  regions: Regions | null
  actor: Actor
  action: string
  back: string
  form?: Form | undefined
  /** Somebody else changed the person after the form was opened. */
  since?: ChangeSince[] | undefined
  now: Date
}

/** Names, contact details, and where somebody works. */
export const Edit = ({ person, regions, actor, action, back, form, since, now }: Props) => {
  const profile = profileOf(person)
  return (
    <form {...sent(action)}>
      {since ? (
        <Changed person={person} regions={regions ?? []} form={form} since={since} actor={actor} now={now} />
      ) : (
        <ErrorSummary form={form} />
      )}
      <ContactFields profile={profile} form={form} />
      {regions && <Places actor={actor} regions={regions} profile={profile} form={form} />}
      <VersionOf person={person} form={form} />
      <ActButtons label="Save" back={back} />
    </form>
  )
}
