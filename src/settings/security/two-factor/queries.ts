import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { type Actor, reach } from '../../../platform/access/actor.ts'
import { dayOf } from '../../../platform/access/status.ts'
import { TurnLost } from '../../../platform/access/turn.ts'
import { atMost } from '../../../platform/database/compiled-once.ts'
import type { Db } from '../../../platform/database/connect.ts'
import { mostNamed } from './rules.ts'

/** So many entries of the index are looked at; beyond, the page says "more than". */
const mostLooked = 10_000
const mostExempt = 100

/**
 * From when on two-factor is required, who of the Active members lacks it, and who is exempt, as of the moment at which the actor was
 * read; else it throws TurnLost. One statement, bounded at any size. Names only for whoever may see everybody.
 */
export async function requirement(db: Db, actor: Actor, now: Date) {
  const organization = actor.organization.id
  const today = dayOf(now)
  const named = reach(actor, 'members.view') === 'organization'
  const { access_version, lacking, exempt, ...found } = await db
    .with('looked', (of) =>
      of
        .selectFrom('membership as m')
        .where('m.organization_id', '=', organization)
        .where('m.status', '<>', 'removed')
        .where('m.has_two_factor', '=', false)
        .select(['m.id', 'm.first_name', 'm.last_name', 'm.email', 'm.status', 'm.sort_name'])
        .orderBy('m.sort_name')
        .orderBy('m.id')
        .limit(atMost(mostLooked + 1)),
    )
    .selectFrom('organization as o')
    .where('o.id', '=', organization)
    .select((eb) => [
      'o.two_factor_from',
      'o.version',
      'o.access_version',
      sql<number>`(select count(*) filter (where status = 'active')::int from looked)`.as('count'),
      sql<boolean>`(select count(*) <= ${mostLooked}::int from looked)`.as('exact'),
      jsonArrayFrom(
        eb
          .selectFrom('looked as l')
          .leftJoin('two_factor_exemption as x', (on) =>
            on
              .on('x.organization_id', '=', organization)
              .onRef('x.membership_id', '=', 'l.id')
              .on('x.until', '>=', today),
          )
          .where('l.status', '=', 'active')
          .select(['l.id', 'l.first_name', 'l.last_name', 'l.email', 'x.until'])
          .orderBy('l.sort_name')
          .orderBy('l.id')
          .limit(atMost(mostNamed)),
      ).as('lacking'),
      jsonArrayFrom(
        eb
          .selectFrom('two_factor_exemption as x')
          .innerJoin('membership as m', (on) =>
            on.onRef('m.organization_id', '=', 'x.organization_id').onRef('m.id', '=', 'x.membership_id'),
          )
          .leftJoin('membership as by', (on) =>
            on.onRef('by.organization_id', '=', 'x.organization_id').onRef('by.id', '=', 'x.given_by'),
          )
          .where('x.organization_id', '=', organization)
          .where('x.until', '>=', today)
          .select([
            'm.id',
            'm.first_name',
            'm.last_name',
            'm.email',
            'x.until',
            'x.reason',
            sql<
              string | null
            >`nullif(coalesce(nullif(concat_ws(' ', nullif(by.first_name, ''), nullif(by.last_name, '')), ''),
              by.email), '')`.as('given_by'),
          ])
          .orderBy('x.until')
          .orderBy('x.membership_id')
          .limit(atMost(mostExempt + 1)),
      ).as('exempt'),
    ])
    .executeTakeFirstOrThrow()
  if (access_version !== actor.organization.accessVersion) throw new TurnLost()
  return {
    ...found,
    lacking: named ? lacking : [],
    exempt: named ? exempt.slice(0, mostExempt) : [],
    moreExempt: named && exempt.length > mostExempt,
    named,
  }
}
export type Requirement = Awaited<ReturnType<typeof requirement>>
