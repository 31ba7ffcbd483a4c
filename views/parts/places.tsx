import type { Child } from 'hono/jsx'
import type { Profile, Regions } from '../../src/members/edit/rules.ts'
import { type Actor, can } from '../../src/platform/access/actor.ts'
import { permissions } from '../../src/platform/access/permissions.ts'
import { shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { Labelled, type Said, tied } from './labelled.tsx'

type PlacesProps = {
  actor: Actor
  regions: Regions
  profile: Pick<Profile, 'region_id' | 'area_id'>
  form: Form | undefined
}

/** Both are there at once, so that it works without script: areas stand under the name of their region. */
export const Places = ({ actor, regions, profile, form }: PlacesProps) => {
  if (regions.length === 0)
    return (
      <div class="field">
        <b>Region and area</b>
        <p class="hint">
          No regions are defined yet.{' '}
          {can(actor, 'regions.manage') ? (
            <>
              <a href={`/o/${actor.organization.slug}/regions`} data-hx-boost="false">
                Define them in the settings
              </a>
              .
            </>
          ) : (
            `They come from Settings > Regions, by whoever holds “${permissions['regions.manage'].label}”.`
          )}
        </p>
      </div>
    )
  const chosen = (name: 'region' | 'area') => {
    const now = profile[`${name}_id`]
    return form?.values[name] ?? (now ? shortId(now) : '')
  }
  const option = (name: 'region' | 'area', one: { id: string; name: string }) => (
    <option value={shortId(one.id)} selected={chosen(name) === shortId(one.id)}>
      {one.name}
    </option>
  )
  return (
    <>
      <Select label="Region" name="region" form={form}>
        {regions.map((region) => option('region', region))}
      </Select>
      <Select label="Area" name="area" form={form} hint="An area belongs to its region.">
        {regions.map(
          (region) =>
            region.areas.length > 0 && (
              <optgroup label={region.name}>{region.areas.map((area) => option('area', area))}</optgroup>
            ),
        )}
      </Select>
    </>
  )
}

const Select = ({ label, name, hint, form, children }: Said & { children?: Child }) => (
  <Labelled label={label} name={name} hint={hint} form={form}>
    <select {...tied({ name, hint, form })}>
      <option value="">None</option>
      {children}
    </select>
  </Labelled>
)
