import type { Facet, Facets } from '../../src/invitations/count.ts'
import { columns, filterCount, type InvitationList, placeIn, timeframes } from '../../src/invitations/list-state.ts'
import { approvals, invitationStatuses } from '../../src/invitations/rules.ts'
import { organizationRoles } from '../../src/platform/access/permissions.ts'
import { shortId } from '../../src/platform/ids.ts'
import { withCounts } from '../../src/platform/web/query.ts'
import { Field } from '../parts/field.tsx'
import { Boxes, Filter, Find, type Option } from '../parts/list.tsx'

type Props = {
  base: string
  list: InvitationList
  roles: { id: string; name: string }[]
  facets?: Facets | undefined
}

const number = new Intl.NumberFormat('en-US')

/** "12", "12+" where there may be more, nothing where none was seen among those looked at. */
function counted(facet: Facet | undefined, value: string): string | undefined {
  if (!facet) return undefined
  const found = facet.of?.[value] ?? 0
  if (facet.cut) return found > 0 ? `${number.format(found)}+` : undefined
  return found > 2000 ? '2,000+' : number.format(found)
}

export const boxes = (words: Record<string, string>, chosen: string[], facet?: Facet): Option[] =>
  Object.entries(words).map(([value, label]) => ({
    value,
    label,
    checked: chosen.includes(value),
    count: counted(facet, value),
  }))

const roleWords = Object.fromEntries(Object.entries(organizationRoles).map(([value, { label }]) => [value, label]))
const timeWords = Object.fromEntries(Object.entries(timeframes).map(([value, { label }]) => [value, label]))

/** The options of each filter, by the id that they are replaced by when their counts have come. */
const optionsOf = ({ list, roles, facets }: Props) => ({
  status: <Boxes name="status" options={boxes(invitationStatuses, list.status, facets?.status)} />,
  role: (
    <>
      <small>Organization role</small> <Boxes name="role" options={boxes(roleWords, list.role, facets?.role)} />
      {roles.length > 0 && (
        <>
          <small>Custom role</small>{' '}
          <Boxes
            name="role"
            options={roles.map(({ id, name }) => ({
              value: shortId(id),
              label: name,
              checked: list.customRole.includes(id),
              count: counted(facets?.custom, id),
            }))}
          />
        </>
      )}
    </>
  ),
  timeframe: (
    <Boxes
      name="timeframe"
      type="radio"
      options={[
        { value: '', label: 'Any time', checked: list.timeframe === null },
        ...boxes(timeWords, list.timeframe ? [list.timeframe] : [], facets?.timeframe),
      ]}
    />
  ),
  approval: <Boxes name="approval" options={boxes(approvals, list.approval, facets?.approval)} />,
  attention: (
    <Boxes
      name="attention"
      options={boxes(
        { yes: 'Mail failed, waiting over 2 days, or under 48 h left' },
        list.attention ? ['yes'] : [],
        facets?.attention,
      )}
    />
  ),
})

/** The options with their counts, each in its place: they come after the page, and leave what was chosen and where the focus is. */
export const CountedOptions = (props: Props) => (
  <>
    {Object.entries(optionsOf(props)).map(([name, options]) => (
      <div id={`of-${name}`} data-hx-swap-oob="outerMorph">
        {options}
      </div>
    ))}
  </>
)

/** What asks for the counts once the page is there; a swap brings a fresh one. */
export const AskCounts = ({ href, swap }: { href: string; swap?: boolean }) => (
  <div
    id="counts"
    hidden
    data-hx-get={href}
    data-hx-trigger="load"
    data-hx-swap="none"
    data-hx-swap-oob={swap ? 'true' : undefined}
  />
)

/** For who has no script: the counts by a link, and then for as long as the filters are applied. */
export const CountsByLink = ({ href, counted }: { href: string; counted: boolean }) => (
  <noscript>
    {counted ? (
      <input type="hidden" name="counts" value="yes" />
    ) : (
      <>
        <a href={href}>Show how many each has</a>
        <br />
      </>
    )}
  </noscript>
)

export const Filters = (props: Props) => {
  const { base, list } = props
  const options = optionsOf(props)
  return (
    <Find
      base={base}
      what="invitations"
      label="Invitations"
      q={list.q}
      count={filterCount(list)}
      show="Show invitations"
      columns={columns}
      sort={list.sort}
      descending={list.descending}
      usual="-invited"
    >
      <Filter label="Status">
        <div id="of-status">{options.status}</div>
      </Filter>
      <Filter label="Role">
        <div id="of-role">{options.role}</div>
      </Filter>
      <Filter label="Timeframe">
        <div id="of-timeframe">{options.timeframe}</div>
        <small>Or from and to, both inside</small>
        <Field label="From" name="from" type="date" value={list.from ?? ''} />
        <Field label="To" name="to" type="date" value={list.to ?? ''} />
      </Filter>
      <Filter label="Approval">
        <div id="of-approval">{options.approval}</div>
      </Filter>
      <Filter label="Needs attention">
        <div id="of-attention">{options.attention}</div>
      </Filter>
      <CountsByLink href={base + withCounts(placeIn(list))} counted={props.facets !== undefined} />
    </Find>
  )
}
