import type { Person } from '../../src/members/person.ts'
import { fullName } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary } from '../parts/field.tsx'
import { sent } from '../parts/sent.ts'

type Props = { person: Person; action: string; back: string; form?: Form | undefined }

export const Suspend = ({ person, action, back, form }: Props) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      From their next request on, <bdi>{fullName(person)}</bdi> sees a page that names whom to ask, and nothing else of
      this organization. Other organizations of theirs go on.
    </p>
    <p>Their roles, group and permissions stay as they are until you reactivate them. No seat is used meanwhile.</p>
    <input type="hidden" name="version" value={String(person.version)} />
    <ActButtons label="Suspend" back={back} danger />
  </form>
)

export const Reactivate = ({ person, action, back, form }: Props) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      <bdi>{fullName(person)}</bdi> can work here again at once, with the same roles, group and permissions as before. A
      seat is used again.
    </p>
    <input type="hidden" name="version" value={String(person.version)} />
    <ActButtons label="Reactivate" back={back} />
  </form>
)
