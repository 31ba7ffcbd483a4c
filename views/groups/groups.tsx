import type { Group, GroupRow } from '../../src/groups/queries.ts'
import { type LockableField, lockable } from '../../src/groups/rules.ts'
import { type Actor, fullName, reach } from '../../src/platform/access/actor.ts'
import { closedTo } from '../../src/platform/access/permission-set.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { Ask } from '../parts/ask.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { inMain, sentInMain } from '../parts/in-main.ts'
import { People, plural } from '../parts/people-count.tsx'
import { Box, BoxesError, chosenIn, PermissionBoxes } from '../parts/permission-boxes.tsx'
import { Said } from '../parts/said.tsx'
import { Tabs } from '../parts/tabs.tsx'

const seesAll = (actor: Actor) => reach(actor, 'members.view') === 'organization'
const base = (actor: Actor) => `/o/${actor.organization.slug}`
const membersHref = (actor: Actor, id: string) =>
  seesAll(actor) ? `${base(actor)}/members?group=${shortId(id)}` : undefined

/** Permissions > Groups. There is always one: Default. */
export const Groups = ({ actor, rows, said }: { actor: Actor; rows: GroupRow[]; said?: string | undefined }) => (
  <div class="list">
    <div class="head">
      <h1>Permissions</h1>
      <Tabs actor={actor} section="Permissions" current="/groups" />
    </div>
    <div class="row toolbar">
      <a class="btn main" href={`${base(actor)}/groups/new`} {...inMain}>
        Create group
      </a>
    </div>
    <table class="rights wide">
      <caption class="vh">Groups</caption>
      <thead>
        <tr>
          <th scope="col">Group</th>
          <th scope="col">People</th>
          <th scope="col">Gives</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((group) => (
          <tr>
            <th scope="row">
              <a href={`${base(actor)}/groups/${shortId(group.id)}`} {...inMain}>
                <bdi>{group.name}</bdi>
              </a>
              <br />
              <small>
                {group.is_default ? 'Everybody who is in no other group' : plural(group.managers ?? 0, 'manager')}
              </small>
            </th>
            <td>
              <People count={group.members ?? 0} href={membersHref(actor, group.id)} />
            </td>
            <td>{plural(group.permissions ?? 0, 'permission')}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {rows.length === 1 && (
      <section class="empty" aria-labelledby="none">
        <h2 id="none">No groups of your own yet</h2>
        <p>
          A group is a team with permissions that everybody in it has, and with a manager who looks after its people.
          Yours would be listed here.
        </p>
        <div class="row">
          <a class="btn" href={`${base(actor)}/groups/new`} {...inMain}>
            Create group
          </a>
        </div>
      </section>
    )}
    {said && <Said text={said} />}
  </div>
)

type FormProps = { actor: Actor; action: string; form?: Form | undefined }

const Locks = ({ now, fixed, form }: { now: LockableField[]; fixed: boolean; form?: Form | undefined }) => {
  const chosen = chosenIn(form, 'locked', now)
  return (
    <fieldset id="locked" class="boxes">
      <legend>Locked profile fields</legend>
      <p class="hint">
        Members of the group can’t change these in their own profile; whoever may edit members still can.
      </p>
      <BoxesError form={form} name="locked" />
      {(Object.keys(lockable) as LockableField[]).map((field) => (
        <Box name="locked" value={field} checked={chosen.includes(field)} fixed={fixed} {...lockable[field]} />
      ))}
    </fieldset>
  )
}

export const NewGroup = ({ actor, action, form }: FormProps) => (
  <div class="page">
    <p>
      <a href={`${base(actor)}/groups`} {...inMain}>
        Groups
      </a>
    </p>
    <h1>Create group</h1>
    <ErrorSummary form={form} />
    <form {...sentInMain(action)}>
      <input type="hidden" name="key" value={newId()} />
      <Field label="Name" name="name" form={form} value="" required autocomplete="off" />
      <PermissionBoxes actor={actor} now={[]} closed={null} form={form} />
      <Locks now={[]} fixed={false} form={form} />
      <div class="row">
        <button class="btn main">Create group</button>{' '}
        <a href={`${base(actor)}/groups`} {...inMain}>
          Cancel
        </a>
      </div>
    </form>
  </div>
)

export const EditGroup = ({ actor, action, form, group }: FormProps & { group: Group }) => {
  const closed = closedTo(actor, group)
  return (
    <div class="page">
      <p>
        <a href={`${base(actor)}/groups`} {...inMain}>
          Groups
        </a>
      </p>
      <h1>
        <bdi>{group.name}</bdi>
      </h1>
      <p>
        In it: <People count={group.members} href={membersHref(actor, group.id)} />. What you change here works for all
        of them from their next request on.
      </p>
      {!group.is_default && <Managers actor={actor} group={group} />}
      <ErrorSummary form={form} />
      <form {...sentInMain(action)}>
        <input type="hidden" name="version" value={String(group.version)} />
        <Field label="Name" name="name" form={form} value={group.name} required autocomplete="off" />
        <PermissionBoxes actor={actor} now={group.permissions} closed={closed} form={form} />
        <Locks now={group.locked} fixed={closed !== null} form={form} />
        <div class="row">
          <button class="btn main">Save group</button>{' '}
          <a href={`${base(actor)}/groups`} {...inMain}>
            Cancel
          </a>{' '}
          {closed === null && !group.is_default && (
            <a class="btn danger" href={`${action}/delete`} {...inMain}>
              Delete group
            </a>
          )}
        </div>
      </form>
    </div>
  )
}

const Managers = ({ actor, group }: { actor: Actor; group: Group }) => (
  <p>
    {group.manager_count === 0
      ? 'Nobody manages it. A member of it becomes Group manager where their access is changed.'
      : `${group.manager_count === 1 ? 'Group manager' : 'Group managers'}: `}
    {group.managers.length > 0
      ? group.managers.map((person, n) => (
          <>
            {n > 0 && ', '}
            <a href={`${base(actor)}/members/${shortId(person.id)}`}>
              <bdi>{fullName(person)}</bdi>
            </a>
          </>
        ))
      : group.manager_count > 0 && plural(group.manager_count, 'person', 'people')}
    {group.managers.length > 0 &&
      group.managers.length < group.manager_count &&
      ` and ${plural(group.manager_count - group.managers.length, 'other')}`}
  </p>
)

export const DeleteGroup = ({ actor, action, form, group }: FormProps & { group: Group }) => {
  const lost = group.permissions.filter((one) => !group.byDefault.includes(one)).length
  const won = group.byDefault.filter((one) => !group.permissions.includes(one)).length
  return (
    <Ask
      title="Delete group"
      back={{ href: action.replace(/\/delete$/, ''), name: group.name }}
      action={action}
      form={form}
      version={group.version}
    >
      {group.members === 0 ? (
        <p>
          Nobody is in <bdi>{group.name}</bdi>, so nobody loses anything.
        </p>
      ) : (
        <>
          <p>
            <People count={group.members} href={membersHref(actor, group.id)} /> of <bdi>{group.name}</bdi>{' '}
            {group.members === 1 ? 'moves' : 'move'} to <bdi>{group.default_name}</bdi>.{' '}
            {lost > 0 && `Each of them loses ${plural(lost, 'permission')}, unless something else gives it. `}
            {won > 0 && `Each of them has ${plural(won, 'permission')} of that group then. `}
            {group.manager_count > 0 &&
              `${plural(group.manager_count, 'Group manager')} ${group.manager_count === 1 ? 'loses' : 'lose'} the mark, and with it the group’s people.`}
          </p>
          {group.many && (
            <p class="note">
              So many people move some after others. It can take minutes, and may be pressed again if it is interrupted.
            </p>
          )}
        </>
      )}
      {group.first.length > 0 && (
        <ul class="names">
          {group.first.map((person) => (
            <li>
              <a href={`${base(actor)}/members/${shortId(person.id)}`}>
                <bdi>{fullName(person)}</bdi>
              </a>
            </li>
          ))}
          {group.first.length < group.members && <li>and more, {group.first.length} of them named here</li>}
        </ul>
      )}
    </Ask>
  )
}
