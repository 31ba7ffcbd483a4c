import type { Child } from 'hono/jsx'
import {
  columns,
  filterCount,
  inactiveChoices,
  type MemberList,
  type Sort,
  writeMemberList,
} from '../../src/members/list-state.ts'
import type { Around } from '../../src/members/queries.ts'
import { allPermissions, organizationRoles, permissions } from '../../src/platform/access/permissions.ts'
import { statuses } from '../../src/platform/access/status.ts'
import { shortId } from '../../src/platform/ids.ts'
import { Icon } from '../parts/icon.tsx'

const areas = [...new Set(allPermissions.map((name) => permissions[name].area))]

type Props = { base: string; list: MemberList; around: Around }
type Option = { value: string; label: string; checked: boolean }

const Boxes = ({
  name,
  options,
  type = 'checkbox',
}: {
  name: string
  options: Option[]
  type?: 'checkbox' | 'radio'
}) => (
  <>
    {options.map((option) => (
      <>
        <label>
          <input type={type} name={name} value={option.value} checked={option.checked} />
          {option.label}
        </label>{' '}
      </>
    ))}
  </>
)

/* Text browsers show everything at once: the spaces, here and elsewhere, and the line break are for them. */
const Filter = ({ label, children }: { label: string; children?: Child }) => (
  <>
    <details class="menu" name="f">
      <summary class="btn">
        {label}
        <Icon name="chevron" />
      </summary>{' '}
      <fieldset class="opts" aria-label={label}>
        {children}
        <button class="btn">Apply</button>
      </fieldset>
    </details>
    <br />
  </>
)

const named = (found: { id: string; name: string }[], chosen: string[]): Option[] =>
  found.map(({ id, name }) => ({ value: shortId(id), label: name, checked: chosen.includes(id) }))

/** Areas belong to a region: those of the regions chosen are offered, so that a long list of all of them never travels. */
export const AreaBoxes = ({ list, around, swap }: { list: MemberList; around: Around; swap?: boolean }) => (
  <div id="areas" data-hx-swap-oob={swap ? 'true' : undefined}>
    {around.areas.length > 0 ? (
      <Boxes name="area" options={named(around.areas, list.area)} />
    ) : (
      <small>Choose a region first</small>
    )}
  </div>
)

/** Search and filters: one GET form, so that its address says it all. */
export const Filters = ({ base, list, around }: Props) => {
  const count = filterCount(list)
  return (
    <form
      class="find"
      role="search"
      aria-label="Members"
      autocomplete="off"
      action={base}
      data-hx-get={base}
      data-hx-target="#people"
      data-hx-swap="outerMorph"
      data-hx-sync="this:replace"
      data-hx-trigger="submit, input delay:400ms from:#q"
    >
      <div class="q">
        <label class="vh" for="q">
          Search members
        </label>
        <input id="q" name="q" type="search" value={list.q} placeholder="Search members" maxlength={200} />{' '}
        <button class="icon">
          <Icon name="search" />
          <span class="vh">Search</span>
        </button>
        <kbd aria-hidden="true" />
      </div>
      <a class="btn fold" href="#filters">
        Filters{count > 0 && ` (${count})`}
      </a>
      <div class="filters" id="filters">
        <header>
          <b>Filters</b>
          <a class="icon" href="#list" aria-label="Close filters">
            <Icon name="close" />
          </a>
        </header>
        <br />
        <Filter label="Status">
          <Boxes
            name="status"
            options={Object.entries(statuses).map(([value, label]) => ({
              value,
              label,
              checked: (list.status as string[]).includes(value),
            }))}
          />
        </Filter>
        <Filter label="Role">
          <small>Organization role</small>{' '}
          <Boxes
            name="role"
            options={Object.entries(organizationRoles).map(([value, { label }]) => ({
              value,
              label,
              checked: (list.role as string[]).includes(value),
            }))}
          />
          {around.roles.length > 0 && <small>Custom role</small>}{' '}
          <Boxes name="role" options={named(around.roles, list.customRole)} />
        </Filter>
        <Filter label="Group">
          <Boxes name="group" options={named(around.groups, list.group)} />
        </Filter>
        {around.regions.length > 0 && (
          <Filter label="Region">
            <Boxes name="region" options={named(around.regions, list.region)} />
          </Filter>
        )}
        {around.regions.length > 0 && (
          <Filter label="Area">
            <AreaBoxes list={list} around={around} />
          </Filter>
        )}
        <Filter label="Two-factor">
          <Boxes
            name="two_factor"
            type="radio"
            options={[
              { value: '', label: 'Either', checked: list.twoFactor === null },
              { value: 'on', label: 'On', checked: list.twoFactor === true },
              { value: 'off', label: 'Off', checked: list.twoFactor === false },
            ]}
          />
        </Filter>
        <Filter label="Inactive">
          <Boxes
            name="inactive"
            type="radio"
            options={[
              { value: '', label: 'Any time', checked: list.inactive === null },
              ...[...new Set([...inactiveChoices, ...(list.inactive ? [list.inactive] : [])])]
                .sort((a, b) => a - b)
                .map((days) => ({
                  value: String(days),
                  label: `${days} days or more`,
                  checked: list.inactive === days,
                })),
            ]}
          />
        </Filter>
        {list.permission ? (
          <Filter label="Can">
            <select name="permission" aria-label="Permission">
              <option value="">Anything</option>
              {areas.map((area) => (
                <optgroup label={area}>
                  {allPermissions
                    .filter((name) => permissions[name].area === area)
                    .map((name) => (
                      <option value={name} selected={name === list.permission}>
                        {permissions[name].label}
                      </option>
                    ))}
                </optgroup>
              ))}
            </select>
          </Filter>
        ) : (
          <a class="btn" id="who-can" href={`${base}/who${writeMemberList(list)}`}>
            Who can…
          </a>
        )}
        <label class="sort">
          Sort by{' '}
          <select name="sort">
            {(Object.keys(columns) as Sort[]).flatMap((sort) =>
              [false, true].map((descending) => (
                <option
                  value={`${descending ? '-' : ''}${sort}`}
                  selected={sort === list.sort && descending === list.descending}
                >
                  {columns[sort].label}
                  {descending ? ', descending' : ''}
                </option>
              )),
            )}
          </select>
        </label>{' '}
        <button class="btn main sort">Show people</button>
      </div>
    </form>
  )
}
