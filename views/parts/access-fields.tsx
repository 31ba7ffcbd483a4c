import type { Child } from 'hono/jsx'
import {
  type Access,
  type Choices,
  whyNotManager,
  whyNotPermission,
  whyNotRole,
  whyNotSource,
} from '../../src/members/access/rules.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import {
  allPermissions,
  type OrganizationRole,
  organizationRoles,
  permissions,
} from '../../src/platform/access/permissions.ts'
import { shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { Icon } from './icon.tsx'

/** The form as it is filled: what was typed, or what they have. */
function filled(now: Access, form: Form | undefined) {
  const {
    role = '',
    group = '',
    group_manager = '',
    custom_role = '',
    permission = '',
  } = form?.values ?? {
    role: now.role,
    group: shortId(now.group),
    group_manager: now.manages ? 'on' : '',
    custom_role: now.customRoles.map(shortId).join(),
    permission: now.permissions.join(),
  }
  return {
    role,
    group,
    manages: group_manager === 'on',
    customRoles: custom_role.split(','),
    permissions: permission.split(','),
  }
}

const Problem = ({ name, form }: { name: string; form: Form | undefined }) =>
  form?.errors[name] ? (
    <p class="error" id={`${name}-error`}>
      <Icon name="alert" />
      {form.errors[name]}
    </p>
  ) : null

type FieldsProps = { name: string; legend: string; hint?: string; form: Form | undefined; children?: Child }
const Fields = ({ name, legend, hint, form, children }: FieldsProps) => (
  <fieldset class="pick" aria-describedby={form?.errors[name] ? `${name}-error` : undefined}>
    <legend>
      {legend}
      <br />
    </legend>
    {hint && <p class="hint">{hint}</p>}
    <Problem name={name} form={form} />
    {children}
  </fieldset>
)

type ChoiceProps = {
  type: 'radio' | 'checkbox'
  name: string
  value: string
  id?: string | undefined
  label: string
  help?: string | undefined
  checked: boolean
  why: string | null
}
const Choice = ({ label, help, why, ...input }: ChoiceProps) => (
  <label>
    <input {...input} disabled={why !== null && !input.checked} />{' '}
    <b>
      {label}
      {!help && <br />}
    </b>{' '}
    {help && (
      <span class="muted">
        {help}
        <br />
      </span>
    )}
    {why && (
      <small>
        {why}
        <br />
      </small>
    )}
  </label>
)

type AccessProps = {
  actor: Actor
  /** What is filled in. */
  now: Access
  /** What they hold, which the actor needn't hold to leave it; null for somebody new. */
  has: Access | null
  choices: Choices
  form?: Form | undefined
}

/** Organization role, group, custom roles and direct permissions: everything that somebody may be given. */
export const AccessFields = ({ actor, now, has, choices, form }: AccessProps) => {
  const values = filled(now, form)
  const chosen = choices.groups.find(({ id }) => shortId(id) === values.group)
  // An Admin’s role ends with the move to another group: the second look has none chosen.
  const ends = has?.role === 'admin' && values.role === 'admin' && chosen?.is_default === false
  const asksRole = form?.errors.role !== undefined && ends
  const groups = choices.groups.length > 1 || !chosen || form?.errors.group_manager !== undefined
  const areas = [...new Set(allPermissions.map((name) => permissions[name].area))]
  const given = allPermissions.filter((name) => values.permissions.includes(name)).length
  return (
    <>
      <Fields name="role" legend="Organization role" form={form}>
        {(Object.keys(organizationRoles) as OrganizationRole[]).map((role, n) => (
          <Choice
            type="radio"
            name="role"
            value={role}
            id={n === 0 ? 'role' : undefined}
            label={organizationRoles[role].label}
            help={organizationRoles[role].help}
            checked={values.role === role && !asksRole}
            why={role === has?.role ? null : whyNotRole(actor, role)}
          />
        ))}
        <small>
          {' '}
          Viewer and Developer are ceilings: what a group, a custom role or a direct permission gives beyond them isn’t
          effective. Admin goes with the Default group and has no custom roles.
        </small>
      </Fields>
      {groups && (
        <div class="field">
          <label for="group">Group</label> <Problem name="group" form={form} />
          <select
            id="group"
            name="group"
            aria-invalid={form?.errors.group ? 'true' : undefined}
            aria-describedby={form?.errors.group ? 'group-error' : undefined}
          >
            {!chosen && (
              <option value="" selected>
                Choose a group
              </option>
            )}
            {choices.groups.map((group) => {
              const why = group.id === has?.group ? null : whyNotSource(actor, group)
              return (
                <option
                  value={shortId(group.id)}
                  selected={group === chosen}
                  disabled={why !== null && group !== chosen}
                >
                  {why ? `${group.name}: ${why}` : group.name}
                </option>
              )
            })}
          </select>
        </div>
      )}
      {groups ? (
        <Fields name="group_manager" legend="Group manager" form={form}>
          <Choice
            type="checkbox"
            name="group_manager"
            value="on"
            id="group_manager"
            label="Manages the group"
            help={`Sees its members, invites into it, edits their contact details.${has?.manages ? ' Ends when they move to another group.' : ''} Not for the Default group.`}
            checked={values.manages}
            why={has?.manages ? null : whyNotManager(actor, chosen?.id ?? now.group)}
          />
        </Fields>
      ) : (
        <input type="hidden" name="group" value={values.group} />
      )}
      {(choices.roles.length > 0 || form?.errors.custom_role) && (
        <Fields
          name="custom_role"
          legend="Custom roles"
          form={form}
          hint="An Admin has none: becoming Admin ends them."
        >
          {choices.roles.map((role, n) => (
            <Choice
              type="checkbox"
              name="custom_role"
              value={shortId(role.id)}
              id={n === 0 ? 'custom_role' : undefined}
              label={role.name}
              checked={values.customRoles.includes(shortId(role.id))}
              why={has?.customRoles.includes(role.id) ? null : whyNotSource(actor, role)}
            />
          ))}
        </Fields>
      )}
      <details open={given > 0 || form?.errors.permission !== undefined}>
        <summary id="permission" tabindex={0}>
          Direct permissions ({given})
        </summary>
        <p class="hint">
          Beside what role, custom roles and group give. An Admin holds all of them; what is ticked here counts again
          when Admin ends.
        </p>
        <Problem name="permission" form={form} />
        {areas.map((area) => (
          <Fields name="" legend={area} form={undefined}>
            {allPermissions
              .filter((name) => permissions[name].area === area)
              .map((name) => (
                <Choice
                  type="checkbox"
                  name="permission"
                  value={name}
                  label={permissions[name].label}
                  help={permissions[name].help}
                  checked={values.permissions.includes(name)}
                  why={has?.permissions.includes(name) ? null : whyNotPermission(actor, name)}
                />
              ))}
          </Fields>
        ))}
      </details>
    </>
  )
}
