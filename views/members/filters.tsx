import {
  columns,
  filterCount,
  inactiveChoices,
  type MemberList,
  writeMemberList,
} from '../../src/members/list-state.ts'
import type { Around } from '../../src/members/queries.ts'
import { allPermissions, organizationRoles, permissions } from '../../src/platform/access/permissions.ts'
import { statuses } from '../../src/platform/access/status.ts'
import { shortId } from '../../src/platform/ids.ts'
import { Boxes, Filter, Find, type Option } from '../parts/list.tsx'

const areas = [...new Set(allPermissions.map((name) => permissions[name].area))]

type Props = { base: string; list: MemberList; around: Around }

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
  return (
    <Find
      base={base}
      what="members"
      label="Members"
      q={list.q}
      count={filterCount(list)}
      show="Show people"
      columns={columns}
      sort={list.sort}
      descending={list.descending}
      usual="last_name"
    >
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
    </Find>
  )
}
