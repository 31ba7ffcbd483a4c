import type { Actor } from '../../src/platform/access/actor.ts'
import { lackedBy } from '../../src/platform/access/permission-set.ts'
import { allPermissions, type Permission, permissions } from '../../src/platform/access/permissions.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { Icon } from './icon.tsx'

type BoxProps = { name: string; value: string; label: string; help?: string; checked: boolean; fixed?: boolean }

/** One choice with its help; the break after it is for text browsers, which would set the next one beside it. One that stays as it is is sent along all the same: what comes back is always the whole choice. */
export const Box = ({ name, value, label, help, checked, fixed }: BoxProps) => (
  <>
    {fixed && checked && <input type="hidden" name={name} value={value} />}
    <label class="check">
      <input type="checkbox" name={name} value={value} checked={checked} disabled={fixed} />{' '}
      <span>
        {label}
        {help && (
          <>
            <br />
            <small>{help}</small>
          </>
        )}
        <br />
      </span>
    </label>
  </>
)

/** The choices of a list as they came back, or as they are. */
export const chosenIn = (form: Form | undefined, name: string, now: readonly string[]): string[] =>
  form ? (form.values[name] ?? '').split(',') : [...now]

export const BoxesError = ({ form, name }: { form?: Form | undefined; name: string }) =>
  form?.errors[name] ? (
    <p class="error" id={`${name}-error`}>
      <Icon name="alert" />
      {form.errors[name]}
    </p>
  ) : null

const areas = [...new Set(allPermissions.map((name) => permissions[name].area))]

type Props = {
  actor: Actor
  now: readonly Permission[]
  /** Why none of it can be changed. */
  closed: string | null
  form?: Form | undefined
}

/** Every permission by area; those that the actor doesn't hold stay as they are. */
export const PermissionBoxes = ({ actor, now, closed, form }: Props) => {
  const chosen = chosenIn(form, 'permissions', now)
  const lacked = lackedBy(actor)
  return (
    <div id="permissions" class="boxes">
      <h2>Permissions</h2>
      <BoxesError form={form} name="permissions" />
      {closed ? (
        <p class="note">{closed}</p>
      ) : (
        lacked.length > 0 && (
          <p class="hint">What you don’t have yourself stays as it is: nobody gives what they don’t have.</p>
        )
      )}
      {areas.map((area) => (
        <fieldset>
          <legend>
            {area}
            <br />
          </legend>
          {allPermissions
            .filter((name) => permissions[name].area === area)
            .map((name) => (
              <Box
                name="permissions"
                value={name}
                label={permissions[name].label}
                help={permissions[name].help}
                checked={chosen.includes(name)}
                fixed={closed !== null || lacked.includes(name)}
              />
            ))}
        </fieldset>
      ))}
    </div>
  )
}
