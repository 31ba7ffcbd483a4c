import { type Actor, fullName, reach } from '../../src/platform/access/actor.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import type { Area, Region, RegionRow } from '../../src/regions/queries.ts'
import { Ask } from '../parts/ask.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { inMain, sentInMain } from '../parts/in-main.ts'
import { People, plural } from '../parts/people-count.tsx'
import { Said } from '../parts/said.tsx'
import { Tabs } from '../parts/tabs.tsx'

const base = (actor: Actor) => `/o/${actor.organization.slug}`
const regionHref = (actor: Actor, id: string) => `${base(actor)}/regions/${shortId(id)}`
const areaHref = (actor: Actor, id: string) => `${base(actor)}/regions/areas/${shortId(id)}`
const membersHref = (actor: Actor, kind: 'region' | 'area', id: string) =>
  reach(actor, 'members.view') === 'organization' ? `${base(actor)}/members?${kind}=${shortId(id)}` : undefined

/** Settings > Regions. */
export const Regions = ({ actor, rows, said }: { actor: Actor; rows: RegionRow[]; said?: string | undefined }) => (
  <div class="list">
    <div class="head">
      <h1>Settings</h1>
      <Tabs actor={actor} section="Settings" current="/regions" />
    </div>
    {rows.length > 0 ? (
      <>
        <div class="row toolbar">
          <a class="btn main" href={`${base(actor)}/regions/new`} {...inMain}>
            Create region
          </a>
        </div>
        <table class="rights wide">
          <caption class="vh">Regions</caption>
          <thead>
            <tr>
              <th scope="col">Region</th>
              <th scope="col">Areas</th>
              <th scope="col">Members</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((region) => (
              <tr>
                <th scope="row">
                  <a href={regionHref(actor, region.id)} {...inMain}>
                    <bdi>{region.name}</bdi>
                  </a>
                </th>
                <td>
                  <AreaNames region={region} />
                </td>
                <td>
                  <People count={region.people ?? 0} href={membersHref(actor, 'region', region.id)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </>
    ) : (
      <section class="empty" aria-labelledby="none">
        <h2 id="none">No regions yet</h2>
        <p>
          A region is a part of the country or the world that members work in; it can have areas. Yours would be listed
          here, and can be chosen for each member and in the filters of the members table.
        </p>
        <div class="row">
          <a class="btn main" href={`${base(actor)}/regions/new`} {...inMain}>
            Create region
          </a>
        </div>
      </section>
    )}
    {said && <Said text={said} />}
  </div>
)

/** The first by name; all of them are on the region's own page. */
const AreaNames = ({ region: { areas, area_count } }: { region: RegionRow }) => {
  const others = (area_count ?? 0) - areas.length
  if (areas.length === 0) return <small>none</small>
  return (
    <>
      {areas.map((area, n) => (
        <>
          {n > 0 && ', '}
          <bdi>{area.name}</bdi>
        </>
      ))}
      {others > 0 && `, and ${plural(others, 'other')}`}
    </>
  )
}

type FormProps = { actor: Actor; action: string; form?: Form | undefined }

const Name = ({ form, value }: { form: Form | undefined; value: string }) => (
  <Field label="Name" name="name" form={form} value={value} required maxlength={200} autocomplete="off" />
)

export const NewRegion = ({ actor, action, form }: FormProps) => (
  <div class="page">
    <p>
      <a href={`${base(actor)}/regions`} {...inMain}>
        Regions
      </a>
    </p>
    <h1>Create region</h1>
    <ErrorSummary form={form} />
    <form {...sentInMain(action)}>
      <input type="hidden" name="key" value={newId()} />
      <Name form={form} value="" />
      <p class="hint">Its areas can be added afterwards.</p>
      <div class="row">
        <button class="btn main">Create region</button>{' '}
        <a href={`${base(actor)}/regions`} {...inMain}>
          Cancel
        </a>
      </div>
    </form>
  </div>
)

export const NewArea = ({ actor, action, form, region }: FormProps & { region: Region }) => (
  <div class="page">
    <p>
      <a href={regionHref(actor, region.id)} {...inMain}>
        <bdi>{region.name}</bdi>
      </a>
    </p>
    <h1>Add area</h1>
    <ErrorSummary form={form} />
    <form {...sentInMain(action)}>
      <input type="hidden" name="key" value={newId()} />
      <Name form={form} value="" />
      <div class="row">
        <button class="btn main">Add area</button>{' '}
        <a href={regionHref(actor, region.id)} {...inMain}>
          Cancel
        </a>
      </div>
    </form>
  </div>
)

export const EditRegion = ({
  actor,
  action,
  form,
  region,
  said,
}: FormProps & { region: Region; said?: string | undefined }) => (
  <div class="page">
    <p>
      <a href={`${base(actor)}/regions`} {...inMain}>
        Regions
      </a>
    </p>
    <h1>
      <bdi>{region.name}</bdi>
    </h1>
    <p>
      Works here: <People count={region.people} href={membersHref(actor, 'region', region.id)} />.
    </p>
    <ErrorSummary form={form} />
    <form {...sentInMain(action)}>
      <input type="hidden" name="version" value={String(region.version)} />
      <Name form={form} value={region.name} />
      <div class="row">
        <button class="btn main">Save region</button>{' '}
        <a href={`${base(actor)}/regions`} {...inMain}>
          Cancel
        </a>{' '}
        <a class="btn danger" href={`${regionHref(actor, region.id)}/delete`} {...inMain}>
          Delete region
        </a>
      </div>
    </form>
    <h2>Areas</h2>
    {region.areas.length > 0 ? (
      <table class="rights">
        <caption class="vh">Areas of the region</caption>
        <thead>
          <tr>
            <th scope="col">Area</th>
            <th scope="col">Members</th>
          </tr>
        </thead>
        <tbody>
          {region.areas.map((area) => (
            <tr>
              <th scope="row">
                <a href={areaHref(actor, area.id)} {...inMain}>
                  <bdi>{area.name}</bdi>
                </a>
              </th>
              <td>
                <People count={area.people ?? 0} href={membersHref(actor, 'area', area.id)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    ) : (
      <p>No areas yet. Whoever works here works in the whole region until there are some.</p>
    )}
    <div class="row">
      <a class="btn" href={`${regionHref(actor, region.id)}/new-area`} {...inMain}>
        Add area
      </a>
    </div>
    {said && <Said text={said} />}
  </div>
)

export const EditArea = ({ actor, action, form, area }: FormProps & { area: Area }) => (
  <div class="page">
    <p>
      <a href={regionHref(actor, area.region_id)} {...inMain}>
        <bdi>{area.region_name}</bdi>
      </a>
    </p>
    <h1>
      <bdi>{area.name}</bdi>
    </h1>
    <p>
      Works here: <People count={area.people} href={membersHref(actor, 'area', area.id)} />.
    </p>
    <ErrorSummary form={form} />
    <form {...sentInMain(action)}>
      <input type="hidden" name="version" value={String(area.version)} />
      <Name form={form} value={area.name} />
      <div class="row">
        <button class="btn main">Save area</button>{' '}
        <a href={regionHref(actor, area.region_id)} {...inMain}>
          Cancel
        </a>{' '}
        <a class="btn danger" href={`${action}/delete`} {...inMain}>
          Delete area
        </a>
      </div>
    </form>
  </div>
)

export const DeletePlace = ({ actor, action, form, place }: FormProps & { place: Region | Area }) => (
  <Ask
    title={`Delete ${place.kind}`}
    back={{ href: action.replace(/\/delete$/, ''), name: place.name }}
    action={action}
    form={form}
    version={place.version}
  >
    {place.kind === 'region' && place.areas.length > 0 && (
      <p>
        With <bdi>{place.name}</bdi> {place.areas.length === 1 ? 'its area is' : `its ${place.areas.length} areas are`}{' '}
        deleted:{' '}
        {place.areas.map((area, n) => (
          <>
            {n > 0 && ', '}
            <bdi>{area.name}</bdi>
          </>
        ))}
        .
      </p>
    )}
    {place.people === 0 ? (
      <p>
        Nobody works in <bdi>{place.name}</bdi>, so nobody loses anything.
      </p>
    ) : (
      <p>
        <People count={place.people} href={membersHref(actor, place.kind, place.id)} /> who work
        {place.people === 1 ? 's' : ''} in <bdi>{place.name}</bdi> {place.people === 1 ? 'loses' : 'lose'}{' '}
        {place.kind === 'area' ? (
          <>
            the area, and {place.people === 1 ? 'stays' : 'stay'} in <bdi>{place.region_name}</bdi>.
          </>
        ) : place.areas.length > 0 ? (
          'the region and the area, and no permission.'
        ) : (
          'the region, and no permission.'
        )}
      </p>
    )}
    {place.many && (
      <p class="note">
        So many people are changed some after others. It can take minutes, and may be pressed again if it is
        interrupted.
      </p>
    )}
    {place.first.length > 0 && (
      <ul class="names">
        {place.first.map((person) => (
          <li>
            <a href={`${base(actor)}/members/${shortId(person.id)}`}>
              <bdi>{fullName(person)}</bdi>
            </a>
          </li>
        ))}
        {place.first.length < place.people && <li>and more, {place.first.length} of them named here</li>}
      </ul>
    )}
  </Ask>
)
