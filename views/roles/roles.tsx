import { type Actor, fullName, reach } from '../../src/platform/access/actor.ts'
import { closedTo } from '../../src/platform/access/permission-set.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import type { Holder, Role, RoleRow } from '../../src/roles/queries.ts'
import { Ask } from '../parts/ask.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { inMain, sentInMain } from '../parts/in-main.ts'
import { People, plural } from '../parts/people-count.tsx'
import { PermissionBoxes } from '../parts/permission-boxes.tsx'
import { Said } from '../parts/said.tsx'
import { Tabs } from '../parts/tabs.tsx'

const seesAll = (actor: Actor) => reach(actor, 'members.view') === 'organization'
const base = (actor: Actor) => `/o/${actor.organization.slug}`
const holdersHref = (actor: Actor, id: string) =>
  seesAll(actor) ? `${base(actor)}/members?role=${shortId(id)}` : undefined

/** Permissions > Roles. */
export const Roles = ({ actor, rows, said }: { actor: Actor; rows: RoleRow[]; said?: string | undefined }) => (
  <div class="list">
    <div class="head">
      <h1>Permissions</h1>
      <Tabs actor={actor} section="Permissions" current="/roles" />
    </div>
    {rows.length > 0 ? (
      <>
        <div class="row toolbar">
          <a class="btn main" href={`${base(actor)}/roles/new`} {...inMain}>
            Create role
          </a>
        </div>
        <table class="rights wide">
          <caption class="vh">Custom roles</caption>
          <thead>
            <tr>
              <th scope="col">Role</th>
              <th scope="col">Held by</th>
              <th scope="col">Gives</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((role) => (
              <tr>
                <th scope="row">
                  <a href={`${base(actor)}/roles/${shortId(role.id)}`} {...inMain}>
                    <bdi>{role.name}</bdi>
                  </a>
                  {role.description && (
                    <>
                      <br />
                      <small>
                        <bdi>{role.description}</bdi>
                      </small>
                    </>
                  )}
                </th>
                <td>
                  <People count={role.holders ?? 0} href={holdersHref(actor, role.id)} />
                </td>
                <td>{plural(role.permissions ?? 0, 'permission')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </>
    ) : (
      <section class="empty" aria-labelledby="none">
        <h2 id="none">No roles yet</h2>
        <p>
          A custom role is a set of permissions with a name, which several people can hold. They would be listed here.
        </p>
        <div class="row">
          <a class="btn main" href={`${base(actor)}/roles/new`} {...inMain}>
            Create role
          </a>
        </div>
      </section>
    )}
    {said && <Said text={said} />}
  </div>
)

type FormProps = { actor: Actor; action: string; form?: Form | undefined }

const Fields = ({ form, role }: { form?: Form | undefined; role?: Role }) => (
  <>
    <Field label="Name" name="name" form={form} value={role?.name ?? ''} required maxlength={200} autocomplete="off" />
    <Field
      label="Description"
      name="description"
      hint="In one line, what it is for. You can leave this empty."
      form={form}
      value={role?.description ?? ''}
      autocomplete="off"
    />
  </>
)

export const NewRole = ({ actor, action, form }: FormProps) => (
  <div class="page">
    <p>
      <a href={`${base(actor)}/roles`} {...inMain}>
        Roles
      </a>
    </p>
    <h1>Create role</h1>
    <ErrorSummary form={form} />
    <form {...sentInMain(action)}>
      <input type="hidden" name="key" value={newId()} />
      <Fields form={form} />
      <PermissionBoxes actor={actor} now={[]} closed={null} form={form} />
      <div class="row">
        <button class="btn main">Create role</button>{' '}
        <a href={`${base(actor)}/roles`} {...inMain}>
          Cancel
        </a>
      </div>
    </form>
  </div>
)

export const EditRole = ({ actor, action, form, role }: FormProps & { role: Role }) => (
  <div class="page">
    <p>
      <a href={`${base(actor)}/roles`} {...inMain}>
        Roles
      </a>
    </p>
    <h1>
      <bdi>{role.name}</bdi>
    </h1>
    <p>
      Held by <People count={role.holders} href={holdersHref(actor, role.id)} />. What you change here works for{' '}
      {role.holders === 1 ? 'them' : 'all of them'} from their next request on.
    </p>
    <ErrorSummary form={form} />
    <form {...sentInMain(action)}>
      <input type="hidden" name="version" value={String(role.version)} />
      <Fields form={form} role={role} />
      <PermissionBoxes actor={actor} now={role.permissions} closed={closedTo(actor, role)} form={form} />
      <div class="row">
        <button class="btn main">Save role</button>{' '}
        <a href={`${base(actor)}/roles`} {...inMain}>
          Cancel
        </a>{' '}
        {closedTo(actor, role) === null && (
          <a class="btn danger" href={`${action}/delete`} {...inMain}>
            Delete role
          </a>
        )}
      </div>
    </form>
  </div>
)

export const DeleteRole = ({ actor, action, form, role, people }: FormProps & { role: Role; people: Holder[] }) => (
  <Ask
    title="Delete role"
    back={{ href: action.replace(/\/delete$/, ''), name: role.name }}
    action={action}
    form={form}
    version={role.version}
  >
    {role.holders === 0 ? (
      <p>
        Nobody holds <bdi>{role.name}</bdi>, so nobody loses anything.
      </p>
    ) : (
      <p>
        <bdi>{role.name}</bdi> is taken from <People count={role.holders} href={holdersHref(actor, role.id)} />, from
        their next request on. It gives {plural(role.permissions.length, 'permission')}; each of them loses those that
        nothing else gives them.
      </p>
    )}
    {people.length > 0 && (
      <table class="rights">
        <caption class="vh">Who loses what</caption>
        <thead>
          <tr>
            <th scope="col">{people.length < role.holders ? `The first ${people.length} by name` : 'Held by'}</th>
            <th scope="col">Loses</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr>
              <th scope="row">
                <a href={`${base(actor)}/members/${shortId(person.id)}`}>
                  <bdi>{fullName(person)}</bdi>
                </a>
              </th>
              <td>{plural(person.loses, 'permission')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </Ask>
)
