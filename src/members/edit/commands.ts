import { type SqlBool, sql } from 'kysely'
import type { Actor } from '../../platform/access/actor.ts'
import { rowsAfter, TurnLost } from '../../platform/access/turn.ts'
import { compiledOnce } from '../../platform/database/compiled-once.ts'
import type { Db } from '../../platform/database/connect.ts'
import { type Cause, eventRow } from '../../platform/events/record.ts'
import { searchText, sortKey } from '../../platform/fold.ts'
import type { Person } from '../person.ts'
import { type MemberPanel, panelOfChanged } from '../queries.ts'
import { type Profile, profileOf } from './rules.ts'

const keys = Object.keys as (profile: Profile) => (keyof Profile)[]

/** A region or area of the choice was deleted between the two statements of an act. */
const isGone = (error: unknown) => (error as { code?: unknown } | null)?.code === '23503'

type Values = Profile & {
  organization: string
  id: string
  version: number
  sort_name: string
  sort_first: string
  search: string
  bound: string[]
  events: ReturnType<typeof eventRow>[]
}

const write = compiledOnce((db: Db, values: Values) =>
  db
    .with('changed', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          first_name: values.first_name,
          last_name: values.last_name,
          title: values.title,
          cell_phone: values.cell_phone,
          office_phone: values.office_phone,
          extension: values.extension,
          region_id: values.region_id,
          area_id: values.area_id,
          sort_name: values.sort_name,
          sort_first: values.sort_first,
          search: values.search,
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', values.organization)
        .where('id', '=', values.id)
        .where('version', '=', values.version)
        .where('removed_at', 'is', null)
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('group_locked_field as l')
                .whereRef('l.organization_id', '=', 'membership.organization_id')
                .whereRef('l.group_id', '=', 'membership.group_id')
                .where(sql<SqlBool>`l.field = any(${values.bound}::text[])`)
                .select('l.field'),
            ),
          ),
        )
        .returningAll(),
    )
    .with('told', (of) => rowsAfter(of, values.events))
    .selectNoFrom((eb) => panelOfChanged(eb, 'changed', values.organization)),
)

/**
 * Writes what is different of a profile, with what the table sorts and searches by, in one statement, which gives the fresh panel
 * too; null when nothing was different. It changes nobody's access, so it takes no turn; throws TurnLost when the person was changed
 * meanwhile, or with `locks` when their group has come to lock one of these fields.
 */
export async function editProfile(
  db: Db,
  cause: Cause,
  actor: Actor,
  person: Person,
  after: Profile,
  { locks = false } = {},
): Promise<MemberPanel | null> {
  const before = profileOf(person)
  const changed = keys(after).filter((name) => after[name] !== before[name])
  if (changed.length === 0) return null
  const fields = changed.map((name) => name.replace(/_id$/, ''))
  const moved = (name: 'region_id' | 'area_id', as: string) =>
    after[name] === before[name] ? {} : { [as]: [before[name], after[name]] }
  const event = eventRow(cause, {
    act: 'membership.edited',
    organizationId: actor.organization.id,
    subject: 'membership',
    subjectId: person.id,
    changes: { fields, ...moved('region_id', 'region'), ...moved('area_id', 'area') },
  })
  const [row] = await write(db, {
    ...after,
    organization: actor.organization.id,
    id: person.id,
    version: person.version,
    sort_name: sortKey(after.last_name, after.first_name),
    sort_first: sortKey(after.first_name, after.last_name),
    search: searchText(after.first_name, after.last_name, person.email, person.username ?? ''),
    bound: locks ? changed : [],
    events: [event],
  }).catch((error) => {
    throw isGone(error) ? new TurnLost() : error
  })
  if (!row?.panel) throw new TurnLost()
  return row.panel as MemberPanel
}
