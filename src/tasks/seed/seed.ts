import { fullName } from '../../platform/access/actor.ts'
import { type Connected, type Db, inTransaction } from '../../platform/database/connect.ts'
import { copyOut } from '../../platform/database/copy.ts'
import { crossing } from '../../platform/database/guard.ts'
import { Batch, type Inviter } from './batch.ts'
import { type Person, people } from './people.ts'
import { places } from './places.ts'
import { rebuildFor, run, tidy } from './rebuild.ts'
import { Taken } from './taken.ts'
import { directPermissions } from './workplace.ts'

export type SeedOptions = {
  /** The organization's, which must exist. */
  slug: string
  people: number
  /** The same number gives the same people. */
  seed: number
  now: Date
  /** Told a line now and then. */
  progress: (line: string) => void
}

const batchSize = 10_000
const tables = ['account', 'membership', 'membership_role', 'membership_permission', 'invitation']

/**
 * Adds made-up people to an organization, as if they had been added or invited over the years: with accounts that nobody can
 * sign in to (no password), memberships, roles and invitations, but no mail and no events. All of them or, when it fails,
 * none. Run again it adds more people. Gives a sentence instead when it can't be done.
 */
export async function seed(
  database: Connected,
  { slug, people: count, seed: number, now, progress }: SeedOptions,
): Promise<{ people: number } | { refused: string }> {
  const { db, pool } = database
  const organization = await db.selectFrom('organization').select('id').where('slug', '=', slug).executeTakeFirst()
  if (!organization) return { refused: `There is no organization with the address "${slug}".` }

  const around = await inTransaction(db, (trx) => places(trx, organization.id))
  const admins = await someAdmins(db, organization.id)
  const rebuild = await rebuildFor(db, tables, count)
  const crowd = people(count, number, {
    now,
    groups: around.groups.length - 1,
    customRoles: around.customRoles.length,
    areas: around.regions.map(({ areas }) => areas.length),
    permissions: directPermissions,
    taken: await inUse(database),
  })
  const started = performance.now()
  const tell = (text: string) => progress(`${text} (${Math.round((performance.now() - started) / 1000)} s)`)

  const slot = await pool.acquire()
  try {
    await slot.begin()
    await run(slot, [
      'set local statement_timeout = 0',
      'set local idle_in_transaction_session_timeout = 0',
      "set local maintenance_work_mem = '256MB'",
      "set local gin_pending_list_limit = '64MB'",
    ])
    if (rebuild) {
      tell('Indexes are made again at the end; the app waits until then')
      await run(slot, rebuild.remove)
    }
    let sending = Promise.resolve()
    for (let done = 0; done < count; ) {
      const batch = new Batch(organization.id, around, admins)
      // The next rows are made while the server takes the ones before.
      const made = batch.add(next(crowd, Math.min(batchSize, count - done)))
      await Promise.all([made, sending])
      sending = batch.copy(slot)
      done = Math.min(done + batchSize, count)
      if (done === count || done % (10 * batchSize) === 0)
        tell(`${done.toLocaleString('en')} of ${count.toLocaleString('en')} people`)
    }
    await sending
    if (rebuild) {
      tell('Making the indexes')
      await run(slot, rebuild.restore)
    }
    await slot.commit()
    tell('Tidying the tables')
    await tidy(slot, tables)
    tell('Done')
  } catch (error) {
    await slot.rollback()
    throw error
  } finally {
    pool.release(slot)
  }
  return { people: count }
}

function next(crowd: Iterator<Person>, count: number): Person[] {
  const some: Person[] = []
  while (some.length < count) some.push(crowd.next().value)
  return some
}

/** The addresses and usernames that a made-up person could have by chance. */
async function inUse({ db, pool }: Connected): Promise<Taken> {
  const wide = crossing(db, 'made-up people need addresses that are new to the whole installation')
  const reserved = '%.example'
  const lists = [
    wide.selectFrom('account').select('email_key').where('email_key', 'like', reserved),
    wide.selectFrom('membership').select('email_key').where('email_key', 'like', reserved),
    wide
      .selectFrom('account')
      .select((eb) => eb.fn<string>('concat', [eb.val('@'), 'username_key']).as('key'))
      .where('username_key', 'is not', null),
  ]
  const taken = new Taken()
  for (const list of lists) {
    let rest = ''
    for await (const chunk of (await copyOut(pool, list)).setEncoding('utf8')) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const key of lines) taken.add(key)
    }
  }
  return taken
}

/** Memberships that may stand as those who invited. */
const someAdmins = async (db: Db, organizationId: string): Promise<Inviter[]> => {
  const rows = await db
    .selectFrom('membership')
    .select(['id', 'first_name', 'last_name', 'email'])
    .where('organization_id', '=', organizationId)
    .where('organization_role', '=', 'admin')
    .where('status', '=', 'active')
    .limit(40)
    .execute()
  return rows.map((row) => ({ id: row.id, name: fullName(row) }))
}
