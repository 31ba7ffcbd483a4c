import { type QueryCreator, sql } from 'kysely'
import { newDay } from '../organizations/new-day.ts'
import type { Actor, Standing, Visitor } from '../platform/access/actor.ts'
import { grantsOf } from '../platform/access/grants.ts'
import { type OrganizationRole, rightsOf } from '../platform/access/permissions.ts'
import { dayOf } from '../platform/access/status.ts'
import { atMost, compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import type { DB } from '../platform/database/schema.ts'

/** In place of a slug: the first organization by name that is open to whoever asks, or else the first that is closed. */
export const home = '/'

const usedEvery = 60_000
const activeEvery = 10 * 60_000
const day = 86_400_000

/** `usedBy`, `activeBy`: what was noted at this instant, or before, is to be noted again. */
type Asked = { hash: Buffer; slug: string; now: Date; today: string; usedBy: Date; activeBy: Date }

/** Why the membership `m` opens nothing on this day; null when it does. */
const standing = (today: string) => sql<Standing | null>`case when m.suspended_at is not null then 'suspended'
  when m.ends_on < ${today}::date then 'ended' when m.starts_on > ${today}::date then 'not_started' end`

/** The first day on which the membership `m` needs two-factor: what its organization says, put off by an exemption. */
const neededFrom = sql`case when o.two_factor_from is not null then greatest(o.two_factor_from, x.until + 1) end`

/**
 * What the session may open now: from the day that two-factor is required on, whoever lacks it may enroll, and nothing else. It is
 * stored as full, so that an exemption opens it again.
 */
const stageNow = (today: string) => sql<string>`case when s.stage = 'full' and a.two_factor_at is null
  and (a.must_enroll or every.needed_from <= ${today}::date) then 'enroll' else s.stage end`

/**
 * The session of this hash with its account, that account's organizations, its membership in the organization of the address and
 * everything that grants it something: one statement for "who is asking?". No row when the account is blocked, or when the session
 * has expired: idle, or by its age, after what the strictest of the organizations says, and ten minutes after a password that waits
 * for its second step; at the very instant of a limit it has. In the middle of signing in nobody is an actor anywhere.
 */
const who = (q: QueryCreator<DB>, { hash, slug, now, today }: Asked, atHome: boolean) =>
  q
    .selectFrom('session as s')
    .innerJoin('account as a', 'a.id', 's.account_id')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('membership as m')
          .innerJoin('organization as o', 'o.id', 'm.organization_id')
          .leftJoin('two_factor_exemption as x', (on) =>
            on.onRef('x.organization_id', '=', 'm.organization_id').onRef('x.membership_id', '=', 'm.id'),
          )
          .whereRef('m.account_id', '=', 'a.id')
          .where('m.removed_at', 'is', null)
          .select((of) => [
            sql<string | null>`min(${neededFrom}) filter (where ${standing(today)} is null)`.as('needed_from'),
            sql<string | null>`(array_agg(o.name order by ${neededFrom}, o.name, o.id)
              filter (where ${standing(today)} is null and o.two_factor_from is not null))[1]`.as('needed_by'),
            of.fn.min('o.session_idle_minutes').as('idle_minutes'),
            of.fn.min('o.session_hours').as('hours'),
            sql<
              Visitor['organizations'] | null
            >`json_agg(json_build_object('slug', o.slug, 'name', o.name, 'open', ${standing(today)} is null)
              order by o.name, o.id)`.as('organizations'),
          ])
          .as('every'),
      (on) => on.onTrue(),
    )
    .leftJoin('organization as o', (on) =>
      atHome
        ? on.on('o.id', '=', (eb) =>
            eb
              .selectFrom('membership as m')
              .innerJoin('organization as o', 'o.id', 'm.organization_id')
              .whereRef('m.account_id', '=', 'a.id')
              .where('m.removed_at', 'is', null)
              .select('o.id')
              .orderBy(sql`(${standing(today)}) is null`, 'desc')
              .orderBy('o.name')
              .orderBy('o.id')
              .limit(atMost(1)),
          )
        : on.on('o.slug', '=', slug),
    )
    .leftJoin('membership as m', (on) =>
      on
        .onRef('m.organization_id', '=', 'o.id')
        .onRef('m.account_id', '=', 'a.id')
        .on('m.removed_at', 'is', null)
        .on(stageNow(today), '=', 'full'),
    )
    .leftJoin('member_group as g', (on) =>
      on.onRef('g.organization_id', '=', 'm.organization_id').onRef('g.id', '=', 'm.group_id'),
    )
    .where('s.id_hash', '=', hash)
    .where('a.blocked_at', 'is', null)
    .where(sql<boolean>`s.last_used_at > ${now}::timestamptz - make_interval(mins => least(60, every.idle_minutes))`)
    .where(sql<boolean>`s.created_at > ${now}::timestamptz - case s.stage when 'password' then interval '10 minutes'
      else make_interval(hours => least(24, every.hours)) end`)
    .select([
      stageNow(today).as('stage'),
      's.created_at',
      's.last_used_at',
      's.confirmed_at',
      'a.id as account_id',
      'a.email',
      'a.username',
      'a.time_zone',
      'a.is_support',
      sql<boolean>`a.two_factor_at is not null`.as('two_factor_on'),
      'every.needed_from',
      'every.needed_by',
      'every.organizations',
      'o.id as organization_id',
      'o.name as organization_name',
      'o.slug as organization_slug',
      'o.statuses_as_of',
      'o.access_version',
      'm.id as membership_id',
      'm.first_name',
      'm.last_name',
      'm.email as membership_email',
      'm.avatar',
      'm.organization_role',
      'm.group_id',
      'm.manages_group',
      'm.suspended_at',
      'm.starts_on',
      'm.ends_on',
      'm.last_active_at',
      standing(today).as('standing'),
      'g.name as group_name',
      grantsOf('m.organization_id', 'm.id', 'm.group_id').as('grants'),
    ])

const asking = (db: Db) => crossing(db, 'who is asking: a session belongs to no organization')

const reading = (atHome: boolean) => compiledOnce((db: Db, asked: Asked) => who(asking(db), asked, atHome))

/**
 * The same, and in the same statement it is noted that somebody is here: on the session at most once a minute, on the membership of
 * an actor at most every ten (data-model.md), never an older time than the one that stands there. On a new day the statuses of the
 * organization come first, and the actor is noted with the next request. The session is written before the membership, as a block
 * does; a row that somebody else holds is passed over, so that no page waits for it.
 */
const noting = (atHome: boolean) =>
  compiledOnce((db: Db, asked: Asked) => {
    const { hash, now, today, usedBy, activeBy } = asked
    const { stale, marked, kept } = newDay(
      sql<string>`(select organization_id from who where membership_id is not null and standing is null)`,
      today,
    )
    return asking(db)
      .with(
        (cte) => cte('who').materialized(),
        (q) => who(q, asked, atHome),
      )
      .with('used', (q) =>
        q
          .updateTable('session')
          .set({ last_used_at: now })
          .where('id_hash', '=', (eb) =>
            eb
              .selectFrom('who')
              .innerJoin('session as s', (on) => on.on('s.id_hash', '=', hash))
              .where('s.last_used_at', '<=', usedBy)
              .select('s.id_hash')
              .forNoKeyUpdate('s')
              .skipLocked(),
          )
          .returning('account_id'),
      )
      .with('active', (q) =>
        q
          .updateTable('membership')
          .set({ last_active_at: now })
          .where('id', '=', (eb) =>
            eb
              .selectFrom('who')
              .innerJoin('membership as m', (on) =>
                on.onRef('m.organization_id', '=', 'who.organization_id').onRef('m.id', '=', 'who.membership_id'),
              )
              .where('who.standing', 'is', null)
              .where('who.statuses_as_of', '>=', sql<string>`${today}::date`)
              .where('m.last_active_at', '<=', activeBy)
              // Read for the order alone.
              .where(sql<boolean>`(select count(*) from used) >= 0`)
              .select('m.id')
              .forNoKeyUpdate('m')
              .skipLocked(),
          )
          .returning('id'),
      )
      .with('stale', stale)
      .with('marked', marked)
      .with('kept', kept)
      .selectFrom('who')
      .selectAll()
  })

const statements = {
  reading: { there: reading(false), home: reading(true) },
  noting: { there: noting(false), home: noting(true) },
}

export type Current = {
  visitor: Visitor
  actor: Actor | null
  standing: Standing | null
  closed: { id: string; name: string; slug: string; since: string } | null
}

/**
 * Until when nothing of a visit is to be noted, by session and place, as far as this process has seen: most requests are spared the
 * parts of the statement that write. What is noted only ever gets later, by whichever process, so none is noted too late by it.
 */
const quietUntil = new Map<string, number>()
const mostQuiet = 10_000

/** Who is asking, or null: no such session, it has expired, or its account is blocked. The visit is noted where that is due. */
export async function findCurrent(db: Db, hash: Buffer, slug: string, now: Date): Promise<Current | null> {
  const visit = `${hash.toString('base64')} ${slug}`
  const at = now.getTime()
  const quiet = at < (quietUntil.get(visit) ?? 0)
  const statement = statements[quiet ? 'reading' : 'noting'][slug === home ? 'home' : 'there']
  const [row] = await statement(db, {
    hash,
    slug,
    now,
    today: dayOf(now),
    usedBy: new Date(at - usedEvery),
    activeBy: new Date(at - activeEvery),
  })
  if (!row) return null

  const dues = [row.last_used_at.getTime() + usedEvery]
  if (row.membership_id && !row.standing)
    dues.push(
      (row.last_active_at?.getTime() ?? 0) + activeEvery,
      // Not a number before the first day: never quiet.
      Date.parse(row.statuses_as_of ?? '') + day,
    )
  if (quietUntil.size >= mostQuiet) quietUntil.clear()
  quietUntil.set(visit, Math.min(...dues))

  const visitor: Visitor = {
    session: {
      idHash: hash,
      stage: row.stage as Visitor['session']['stage'],
      createdAt: row.created_at,
      confirmedAt: row.confirmed_at,
    },
    account: {
      id: row.account_id,
      email: row.email,
      username: row.username,
      timeZone: row.time_zone,
      isSupport: row.is_support,
    },
    twoFactor: {
      on: row.two_factor_on,
      needed: row.needed_from ? { from: row.needed_from, by: row.needed_by ?? '' } : null,
    },
    organizations: row.organizations?.slice(0, 100) ?? [],
  }
  const nobody = { visitor, actor: null, standing: null, closed: null }
  if (!row.organization_id || !row.membership_id || !row.group_id) return nobody

  const organization = {
    id: row.organization_id,
    slug: row.organization_slug ?? '',
    name: row.organization_name ?? '',
    accessVersion: row.access_version ?? 0,
  }
  if (row.standing) {
    const since = {
      suspended: row.suspended_at && dayOf(row.suspended_at),
      ended: row.ends_on,
      not_started: row.starts_on,
    }
    return { ...nobody, standing: row.standing, closed: { ...organization, since: since[row.standing] ?? '' } }
  }

  const organizationRole = row.organization_role as OrganizationRole
  const groupName = row.group_name ?? ''
  const managesGroup = row.manages_group ?? false
  return {
    ...nobody,
    actor: {
      accountId: row.account_id,
      timeZone: row.time_zone,
      organization,
      membership: {
        id: row.membership_id,
        firstName: row.first_name ?? '',
        lastName: row.last_name ?? '',
        email: row.membership_email ?? '',
        avatar: row.avatar,
        organizationRole,
        groupId: row.group_id,
        groupName,
        managesGroup,
      },
      rights: rightsOf({ organizationRole, groupName, managesGroup, grants: row.grants ?? [] }),
    },
  }
}
