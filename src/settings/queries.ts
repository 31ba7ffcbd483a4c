import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Actor } from '../platform/access/actor.ts'
import { dayOf } from '../platform/access/status.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { type Cell, cellValues, csvLines, xlsxRow } from '../platform/web/sheet-cells.ts'

/** So many days are on the screen; the file has all. */
const shownDays = 92

/** More than any organization has. Seats are counted exactly, and yet no statement reads without end. */
const mostPeople = 5_000_000

const hour = 3_600_000
const dayBefore = (day: string): string => dayOf(new Date(Date.parse(`${day}T00:00:00Z`) - 24 * hour))

/** A day, newest first; `seats` is null where nothing was counted. */
export type SeatDay = { day: string; seats: number | null; counted_at: Date | null }

/** The seats in use now, the most counted this month, and by day, back to the first count or to what fits the screen. One statement. */
export async function usage(db: Db, actor: Actor, now: Date) {
  const organization = actor.organization.id
  const today = dayOf(now)
  const month = `${today.slice(0, 7)}-01`
  const { seats, peak, days } = await db
    .selectNoFrom((eb) => [
      eb
        .selectFrom(
          eb
            .selectFrom('membership as m')
            .where('m.organization_id', '=', organization)
            .where('m.status', '=', 'active')
            .select('m.status')
            .limit(atMost(mostPeople))
            .as('active'),
        )
        .select((of) => of.cast<number>(of.fn.countAll(), 'integer').as('n'))
        .as('seats'),
      eb
        .selectFrom('seat_day as s')
        .where('s.organization_id', '=', organization)
        .where('s.day', '>=', month)
        .select((of) => of.fn.max('s.seats').as('most'))
        .as('peak'),
      jsonArrayFrom(
        eb
          .selectFrom('seat_day as s')
          .where('s.organization_id', '=', organization)
          .where('s.day', '<=', today)
          .select([sql<string>`s.day::text`.as('day'), 's.seats', 's.counted_at'])
          .orderBy('s.day', 'desc')
          .limit(atMost(shownDays)),
      ).as('days'),
    ])
    .executeTakeFirstOrThrow()
  return { seats: seats ?? 0, peak: Math.max(peak ?? 0, seats ?? 0), days: everyDay(days, today) }
}
export type Usage = Awaited<ReturnType<typeof usage>>

type Counted = { day: string; seats: number; counted_at: Date | string }

/** The days from today back to the first one counted, with those in between on which nothing was. */
function everyDay(counted: Counted[], today: string): SeatDay[] {
  const first = counted.at(-1)?.day ?? today
  const byDay = new Map(counted.map((one) => [one.day, one]))
  const days: SeatDay[] = []
  for (let day = today; day >= first && days.length < shownDays; day = dayBefore(day)) {
    const found = byDay.get(day)
    days.push({ day, seats: found?.seats ?? null, counted_at: found ? new Date(found.counted_at) : null })
  }
  return days
}

const cells: readonly Cell[] = [
  { label: 'Day (UTC)', kind: 'day', width: 12, value: sql`s.day` },
  { label: 'Seats', kind: 'number', width: 10, value: sql`s.seats` },
  { label: 'Counted at', kind: 'moment', width: 24, value: sql`s.counted_at` },
]

/** Every day counted, newest first. */
export function usageExport(db: Db, actor: Actor) {
  const found = db
    .selectFrom('seat_day as s')
    .where('s.organization_id', '=', actor.organization.id)
    .orderBy('s.day', 'desc')
    .select(cellValues(cells))
    .offset(sql<number>`0`)
    .as('x')
  return {
    cells,
    csv: () => csvLines(db, found, cells),
    xlsx: () => db.selectFrom(found).select(xlsxRow(cells, 'x').as('row')),
  }
}
