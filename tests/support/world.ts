import { randomBytes } from 'node:crypto'
import { createApp } from '../../src/app.tsx'
import type { Permission } from '../../src/platform/access/permissions.ts'
import { dayOf, statusOf } from '../../src/platform/access/status.ts'
import { readConfig } from '../../src/platform/config.ts'
import type { Connected, Db } from '../../src/platform/database/connect.ts'
import { crossing } from '../../src/platform/database/guard.ts'
import { emailKey, searchText, sortKey, usernameKey } from '../../src/platform/fold.ts'
import { newId } from '../../src/platform/ids.ts'
import type { Level } from '../../src/platform/log.ts'
import type { Services } from '../../src/platform/web/app-context.ts'
import { Browser } from './browser.ts'
import { sharedDatabase } from './database.ts'
import { startSession } from './start-session.ts'

export type Clock = { now: Date; pass: (milliseconds: number) => void }

export const minutes = (count: number) => count * 60_000
export const hours = (count: number) => count * 3_600_000
export const days = (count: number) => count * 86_400_000

/** A clock that only the test moves. */
export const clockAt = (text = '2026-11-22T12:00:00.000Z'): Clock => {
  const clock = {
    now: new Date(text),
    pass: (milliseconds: number) => {
      clock.now = new Date(clock.now.getTime() + milliseconds)
    },
  }
  return clock
}

export type Line = { level: Level; message: string; facts: Record<string, unknown> }

/** The app on a database, with a clock of the test and the log kept. Unexpected lines are the test's to look at. */
export function startApp(database: Connected = sharedDatabase(), clock = clockAt(), env: Record<string, string> = {}) {
  const log: Line[] = []
  const config = readConfig({ PORT: '3000', ...env })
  const services: Services = {
    config,
    mailing: config.smtpUrl !== undefined,
    db: database.db,
    pool: database.pool,
    key: Buffer.from('a key for tests, 32 bytes long..'),
    clock: () => clock.now,
    log: (level, message, facts = {}) => log.push({ level, message, facts }),
    stopping: () => false,
  }
  return { app: createApp(services), services, clock, log, db: crossing(database.db, 'tests look at everything') }
}

export type PersonDetails = {
  first?: string
  last?: string
  email?: string
  username?: string | null
  role?: 'admin' | 'viewer' | 'developer' | 'member'
  group?: string
  manages?: boolean
  region?: string | null
  area?: string | null
  customRoles?: string[]
  permissions?: Permission[]
  startsOn?: string
  endsOn?: string
  suspended?: boolean
  removed?: boolean
  blocked?: boolean
  /** Invited only: no account yet. */
  invited?: boolean
  invite?: string
  inviteExpires?: Date
  twoFactor?: boolean
  lastActive?: Date
  accountId?: string
  title?: string
}

export type Person = { id: string; accountId: string | null; email: string; first: string; last: string }

export async function makeOrganization(db: Db, name: string, now: Date) {
  const id = newId()
  const slug = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${randomBytes(4).toString('hex')}`
  await db
    .insertInto('organization')
    .values({ id, name, slug, statuses_as_of: dayOf(now) })
    .execute()
  const group = await makeGroup(db, id, 'Default', [], true)
  return { id, slug, name, defaultGroup: group }
}
export type Organization = Awaited<ReturnType<typeof makeOrganization>>

export async function makeGroup(
  db: Db,
  organization_id: string,
  name: string,
  permissions: Permission[] = [],
  is_default = false,
) {
  const id = newId()
  await db
    .insertInto('member_group')
    .values({ id, organization_id, name, sort_name: sortKey(name), is_default })
    .execute()
  for (const permission of permissions)
    await db.insertInto('group_permission').values({ organization_id, group_id: id, permission }).execute()
  return id
}

export async function makeCustomRole(db: Db, organization_id: string, name: string, permissions: Permission[] = []) {
  const id = newId()
  await db
    .insertInto('custom_role')
    .values({ id, organization_id, name, sort_name: sortKey(name) })
    .execute()
  for (const permission of permissions)
    await db.insertInto('custom_role_permission').values({ organization_id, role_id: id, permission }).execute()
  return id
}

export async function makeRegion(db: Db, organization_id: string, name: string, areas: string[] = []) {
  const id = newId()
  await db
    .insertInto('region')
    .values({ id, organization_id, name, sort_name: sortKey(name) })
    .execute()
  const made: string[] = []
  for (const area of areas) {
    const areaId = newId()
    await db
      .insertInto('area')
      .values({ id: areaId, organization_id, region_id: id, name: area, sort_name: sortKey(area) })
      .execute()
    made.push(areaId)
  }
  return { id, areas: made }
}

export async function addPerson(
  db: Db,
  organization: Organization,
  now: Date,
  details: PersonDetails = {},
): Promise<Person> {
  const { first = 'Somebody', last = '', role = 'member', twoFactor = false } = details
  const email =
    details.email ??
    `${first.toLowerCase().replace(/[^a-z]/g, '') || 'x'}.${randomBytes(4).toString('hex')}@example.org`
  const username = details.username ?? null
  const accountId = details.invited ? null : (details.accountId ?? newId())
  if (accountId && !details.accountId)
    await db
      .insertInto('account')
      .values({
        id: accountId,
        email,
        email_key: emailKey(email),
        username,
        username_key: username && usernameKey(username),
        blocked_at: details.blocked ? now : null,
        two_factor_at: twoFactor ? now : null,
        created_at: now,
      })
      .execute()
  const id = newId()
  const starts_on = details.startsOn ?? '-infinity'
  const ends_on = details.endsOn ?? 'infinity'
  const removed_at = details.removed ? now : null
  const suspended_at = details.suspended ? now : null
  const blocked_at = details.blocked ? now : null
  await db
    .insertInto('membership')
    .values({
      id,
      organization_id: organization.id,
      account_id: accountId,
      email,
      email_key: emailKey(email),
      username_key: username ? usernameKey(username) : '',
      first_name: first,
      last_name: last,
      title: details.title ?? '',
      organization_role: role,
      group_id: details.group ?? organization.defaultGroup,
      manages_group: details.manages ?? false,
      region_id: details.region ?? null,
      area_id: details.area ?? null,
      suspended_at,
      starts_on,
      ends_on,
      removed_at,
      created_at: now,
      last_active_at: details.lastActive ?? '-infinity',
      sort_name: sortKey(last, first),
      sort_first: sortKey(first, last),
      search: searchText(first, last, email, username ?? ''),
      status: statusOf({ removed_at, account_id: accountId, blocked_at, suspended_at, starts_on, ends_on }, dayOf(now)),
      has_two_factor: twoFactor,
      role_ids: details.customRoles ?? [],
      invite: details.invite ?? (details.invited ? 'pending_activation' : ''),
      invite_expires_at: details.inviteExpires ?? null,
    })
    .execute()
  for (const role_id of details.customRoles ?? [])
    await db
      .insertInto('membership_role')
      .values({ organization_id: organization.id, membership_id: id, role_id })
      .execute()
  for (const permission of details.permissions ?? [])
    await db
      .insertInto('membership_permission')
      .values({ organization_id: organization.id, membership_id: id, permission })
      .execute()
  return { id, accountId, email, first, last }
}

type Started = ReturnType<typeof startApp>

/** A browser in which this person has signed in already. */
export async function signedIn(
  { app, services, clock, db }: Started,
  person: Person,
  organization: Organization,
): Promise<Browser & { person: Person }> {
  const browser = new Browser(app, `/o/${organization.slug}`)
  if (!person.accountId) throw new Error(`${person.first} has no account`)
  const cookie = await startSession(db, clock.now, services.config.secure, {
    accountId: person.accountId,
    stage: 'full',
    ip: browser.ip,
    userAgent: 'test',
    confirmed: true,
  })
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
  browser.cookies.set(name, value)
  return Object.assign(browser, { person })
}

/**
 * A fresh organization with everybody in it: Ana is Admin, Vera may only look, Dev is a Developer, Gus manages the group
 * Intake, in which Ian works, Mia is a Member without rights; Stella is Admin of another organization, and a stranger here.
 */
export async function organization(
  options: { clock?: Clock; database?: Connected; env?: Record<string, string> } = {},
) {
  const started = startApp(options.database, options.clock, options.env)
  const { db, clock } = started
  const here = await makeOrganization(db, 'Harbor Claims', clock.now)
  const intake = await makeGroup(db, here.id, 'Intake')
  const elsewhere = await makeOrganization(db, 'North Sea Adjusters', clock.now)
  const add = (details: PersonDetails) => addPerson(db, here, clock.now, details)
  const enter = async (details: PersonDetails) => signedIn(started, await add(details), here)
  return {
    ...started,
    here,
    elsewhere,
    intake,
    add,
    enter,
    ana: await enter({ first: 'Ana', last: 'Admin', role: 'admin' }),
    vera: await enter({ first: 'Vera', last: 'Viewer', role: 'viewer' }),
    dev: await enter({ first: 'Dev', last: 'Developer', role: 'developer' }),
    gus: await enter({ first: 'Gus', last: 'Manager', group: intake, manages: true }),
    ian: await enter({ first: 'Ian', last: 'Intake', group: intake }),
    mia: await enter({ first: 'Mia', last: 'Member' }),
    stella: await signedIn(
      started,
      await addPerson(db, elsewhere, clock.now, { first: 'Stella', last: 'Stranger-Canary', role: 'admin' }),
      elsewhere,
    ),
    stranger: new Browser(started.app, `/o/${here.slug}`),
  }
}
