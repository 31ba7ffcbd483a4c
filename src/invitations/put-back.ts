import { type SqlBool, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { choices } from '../members/access/choices.ts'
import { regionsOf } from '../members/edit/places.ts'
import type { Actor } from '../platform/access/actor.ts'
import { type Giver, giverRows } from '../platform/access/giver.ts'
import type { OrganizationRole } from '../platform/access/permissions.ts'
import { dayOf } from '../platform/access/status.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../platform/access/turn.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import type { Cause } from '../platform/events/record.ts'
import { approvalAsked } from './asking.ts'
import { isCovered, stillThere } from './givers.ts'
import { givenBy, offerOf, waitingAgain } from './rules.ts'

/** So many open invitations are looked through at once. */
const atOnce = 500

type Place = { expires_at: Date | string; id: string }
type Organization = Actor['organization']

/** The open invitations of an organization behind a place, in the order in which they expire, with all that isCovered asks. */
async function someOpen(db: Db, organization: string, now: Date, after: Place) {
  const row = await db
    .with('open', (of) =>
      of
        .selectFrom('invitation as i')
        .where('i.organization_id', '=', organization)
        .where(sql<SqlBool>`i.status = 'pending_activation'`)
        .where('i.expires_at', '>', now)
        .where(sql<SqlBool>`(i.expires_at, i.id) > (${after.expires_at}::timestamptz, ${after.id}::uuid)`)
        .select([
          'i.id',
          'i.membership_id',
          'i.invited_by',
          'i.decided_by',
          'i.approval',
          'i.organization_role',
          'i.offer',
          'i.expires_at',
          'i.version',
        ])
        .orderBy('i.expires_at')
        .orderBy('i.id')
        .limit(atMost(atOnce)),
    )
    .selectFrom('organization as o')
    .where('o.id', '=', organization)
    .select((eb) => [
      'o.id',
      'o.slug',
      'o.name',
      'o.access_version',
      ...choices(eb, organization),
      regionsOf(eb, organization),
      jsonArrayFrom(eb.selectFrom('open').selectAll('open').orderBy('open.expires_at').orderBy('open.id')).as('open'),
      jsonArrayFrom(
        giverRows(eb)
          .where('gm.organization_id', '=', organization)
          .where(sql<SqlBool>`gm.id in (select invited_by from open union select decided_by from open)`),
      ).as('givers'),
    ])
    .executeTakeFirst()
  if (!row) return null
  const { groups, roles, regions, open, givers, access_version, ...rest } = row
  return {
    organization: { ...rest, accessVersion: access_version } satisfies Organization,
    around: { choices: { groups, roles }, regions },
    open,
    givers: givers as Giver[],
  }
}
type SomeOpen = NonNullable<Awaited<ReturnType<typeof someOpen>>>
type Open = SomeOpen['open'][number]

/** Those that nobody answers for anymore. The same offer of the same people is judged once. */
function uncovered({ organization, around, open, givers }: SomeOpen): Open[] {
  const byId = new Map(givers.map((one) => [one.id, one]))
  const judged = new Map<string, boolean>()
  return open.filter(({ invited_by, decided_by, approval, organization_role, offer }) => {
    const key = JSON.stringify([invited_by, decided_by, approval, organization_role, offer])
    let covered = judged.get(key)
    if (covered === undefined) {
      const answering = [invited_by, decided_by].flatMap((id) => byId.get(id ?? '') ?? [])
      const asked = stillThere(givenBy(organization_role as OrganizationRole, offerOf(offer)), around)
      covered = isCovered({ invited_by, decided_by, approval, givers: answering }, organization, asked, around)
      judged.set(key, covered)
    }
    return !covered
  })
}

/** Puts these back into the list of those that wait for approval; their links stop. Letters tell who may approve. One statement. */
async function putBack(db: Db, cause: Cause, organization: Organization, those: Open[]): Promise<void> {
  const ids = those.map(({ id }) => id)
  const [turn] = await inTurn(db, { organization })
    .with('changed', (of) =>
      of
        .updateTable('invitation')
        .set((eb) => ({
          ...waitingAgain,
          generation: eb('generation', '+', 1),
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', organization.id)
        .where(
          sql<SqlBool>`(id, version) in (select * from unnest(${ids}::uuid[], ${those.map(({ version }) => version)}::int[]))`,
        )
        .where('status', '=', 'pending_activation')
        .where(ifTurn)
        .returning(['id', 'membership_id']),
    )
    .with('copied', (of) =>
      of
        .updateTable('membership')
        .set({ invite: 'pending_approval', invite_expires_at: null })
        .where('organization_id', '=', organization.id)
        .where('id', 'in', (eb) => eb.selectFrom('changed').select('changed.membership_id'))
        .where('status', '=', 'invited'),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        ...ids.map((id) => ({
          act: 'invitation.returned' as const,
          organizationId: organization.id,
          subject: 'invitation' as const,
          subjectId: id,
          changes: { status: ['pending_activation', 'pending_approval'] },
        })),
      ),
    )
    .with('written', (of) =>
      approvalAsked(db, of, cause.now, {
        organization,
        except: null,
        invitations: ids,
      }),
    )
    .selectFrom('turn')
    .select('id')
    .execute()
  if (!turn) throw new TurnLost()
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
/** So often people's acts go first; then they wait while some are looked through, or there would be no end to it. */
const patience = 5

/** Looks through those behind a place; `turned` is whether any went back, for which it had its turn. Null: the organization is gone. */
async function lookAtSome(db: Db, cause: Cause, organization: string, after: Place) {
  const some = await someOpen(db, organization, cause.now, after)
  if (!some) return null
  const those = uncovered(some)
  if (those.length > 0) await putBack(db, cause, some.organization, those)
  return { ...some, turned: those.length > 0 }
}

const inFront = (db: Db, cause: Cause, organization: string, after: Place) =>
  inTransaction(db, async (trx) => {
    await trx.selectFrom('organization').select('id').where('id', '=', organization).forNoKeyUpdate().execute()
    return lookAtSome(trx, cause, organization, after)
  })

/**
 * Looks through all open invitations of one organization, some after others; acts of people that come in between go first, and what
 * was read is read again then. Gives the access_version that all of them were looked through at, or later.
 */
async function lookThrough(db: Db, cause: Cause, organization: string): Promise<number | null> {
  let looked: number | null = null
  let after: Place = { expires_at: cause.now, id: '00000000-0000-0000-0000-000000000000' }
  for (let tries = 1; ; ) {
    const look = tries > patience ? inFront : lookAtSome
    const some = await look(db, cause, organization, after).catch((error) => {
      if (error instanceof TurnLost && tries <= patience) return 'lost' as const
      throw error
    })
    if (some === 'lost') {
      await pause(tries++ * 5)
      continue
    }
    if (!some) return null
    const read = some.organization.accessVersion
    looked ??= read
    // Nobody else came in between, and this changed nobody's access.
    if (some.turned && looked === read) looked++
    const last = some.open.at(-1)
    if (!last || some.open.length < atOnce) return looked
    after = last as Place
    tries = 1
  }
}

/**
 * Open invitations that neither their sender nor their approver could give anymore go back to Pending approval (R-20; joining asks
 * again, so that nothing depends on when this runs). An organization is looked through when somebody's access changed since it last
 * was, and once a day, since memberships end by date. What fails with one is thrown when all others are done.
 */
export async function putInvitationsBack(db: Db, now: Date): Promise<void> {
  const today = dayOf(now)
  const cause: Cause = { now, how: 'system', actorId: null, requestId: '', ip: '' }
  const due = crossing(db, 'who answers for an invitation may change in every organization')
    .selectFrom('organization')
    .select('id')
    .where((eb) => eb.or([eb('access_version', '>', eb.ref('invitations_as_of')), eb('invitations_day', '<', today)]))
    .orderBy('id')
    .limit(100)
  let failure: unknown
  for (let page = await due.execute(); page.length > 0; ) {
    for (const { id } of page)
      try {
        const looked = await lookThrough(db, cause, id)
        if (looked !== null)
          await db
            .updateTable('organization')
            .set({ invitations_as_of: looked, invitations_day: today })
            .where('id', '=', id)
            .where('invitations_as_of', '<=', looked)
            .execute()
      } catch (error) {
        failure ??= error
      }
    page = await due.where('id', '>', page.at(-1)?.id ?? '').execute()
  }
  if (failure) throw failure
}
