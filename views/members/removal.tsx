import type { ComingBack, LeftOut } from '../../src/members/removal/coming-back.ts'
import type { PersonAndRemoval, PersonAndReturn } from '../../src/members/removal/queries.ts'
import { fullName } from '../../src/platform/access/actor.ts'
import { organizationRoles, permissions } from '../../src/platform/access/permissions.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { sent } from '../parts/sent.ts'

type Props<P> = { person: P; action: string; back: string; form?: Form | undefined }

/** What will change, in numbers, before anything does. */
export const Remove = ({ person, action, back, form }: Props<PersonAndRemoval>) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      From their next request on, this organization isn’t there for <bdi>{fullName(person)}</bdi>. They can be taken
      back for 30 days. A letter tells them; it waits until Rollcall can send mail.
    </p>
    <dl class="facts counts">
      <dt>Sessions that end</dt>
      <dd>
        {person.sessions}
        {!person.managed && !person.is_support && <small> (they are a member elsewhere too)</small>}
      </dd>
      <dt>Groups left without a manager</dt>
      <dd>
        {person.leavesGroup ? (
          <>
            1 (<bdi>{person.group_name}</bdi>)
          </>
        ) : (
          0
        )}
      </dd>
      <dt>Open invitations they sent</dt>
      <dd>
        {person.invitations}
        {person.returning > 0 && (
          <small>
            {' '}
            ({person.returning} {person.returning === 1 ? 'goes' : 'go'} back to approval, where nobody else answers for
            what is offered; links stop at once)
          </small>
        )}
      </dd>
      <dt>Seats freed</dt>
      <dd>{person.status === 'active' ? 1 : 0}</dd>
    </dl>
    <Field
      label="Reason"
      name="reason"
      hint="May stay empty. Whoever can see their details can read it."
      maxlength={200}
      autocomplete="off"
      form={form}
    />
    <input type="hidden" name="version" value={String(person.version)} />
    <ActButtons label="Remove from organization" back={back} danger />
  </form>
)

const none = <span class="dim">–</span>
const labelOf = (name: string) => (permissions as Record<string, { label: string }>)[name]?.label ?? name
const list = (names: string[]) =>
  names.length === 0 ? none : names.map((name, n) => [n > 0 && ', ', <bdi>{name}</bdi>])

const kinds = {
  organization_role: 'The role',
  group: 'The group',
  custom_role: 'The custom role',
  direct: 'The permission',
} as const
const nameOf = ({ what, name }: LeftOut) =>
  what === 'organization_role'
    ? organizationRoles[name as keyof typeof organizationRoles].label
    : what === 'direct'
      ? labelOf(name)
      : name

/** What of what they held comes back, and what doesn't by this actor. */
export const TakeBack = ({
  person,
  returning,
  stopped,
  action,
  back,
  form,
}: Props<PersonAndReturn> & { returning: ComingBack; stopped: string | null }) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    {stopped && !form && <p class="note">{stopped}</p>}
    <p>
      <bdi>{fullName(person)}</bdi> gets back what they held, at once:
    </p>
    <dl class="facts">
      <dt>Organization role</dt>
      <dd>{organizationRoles[returning.organizationRole].label}</dd>
      <dt>Custom roles</dt>
      <dd>{list(returning.customRoles.map(({ name }) => name))}</dd>
      <dt>Group</dt>
      <dd>
        <bdi>{returning.group.name}</bdi>
      </dd>
      <dt>Direct permissions</dt>
      <dd>{list(returning.direct.map(labelOf))}</dd>
    </dl>
    {returning.leftOut.length > 0 && (
      <div class="note">
        <p>Left out, because you can’t give what you don’t hold:</p>
        <ul>
          {returning.leftOut.map((one) => (
            <li>
              {kinds[one.what]} <bdi>{nameOf(one)}</bdi>
              {one.what !== 'direct' &&
                ` (${one.lacks.slice(0, 3).map(labelOf).join(', ')}${one.lacks.length > 3 ? ', …' : ''})`}
            </li>
          ))}
        </ul>
      </div>
    )}
    {person.suspended_at && <p>They were suspended, and still are until you reactivate them.</p>}
    {person.blocked_at && <p>Their account is blocked, and stays so until somebody unblocks it.</p>}
    <input type="hidden" name="version" value={String(person.version)} />
    {stopped ? <a href={back}>Back</a> : <ActButtons label="Take back" back={back} />}
  </form>
)
