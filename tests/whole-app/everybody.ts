import { sql } from 'kysely'
import type { Stage } from '../../src/platform/access/actor.ts'
import type { Connected, Db } from '../../src/platform/database/connect.ts'
import { organizationTables } from '../../src/platform/database/guard.ts'
import { isId, newId, shortId } from '../../src/platform/ids.ts'
import { Browser } from '../support/browser.ts'
import { startSession } from '../support/start-session.ts'
import { unique } from '../support/unique.ts'
import {
  addPerson,
  type Clock,
  makeCustomRole,
  makeGroup,
  makeOrganization,
  makeRegion,
  type Organization,
  type Person,
  type PersonDetails,
  startApp,
} from '../support/world.ts'

/** Everybody whom a request may come from: those of one organization, strangers, and the Admin of another one. */
export const principals = [
  'stranger',
  'before the second factor',
  'must change password',
  'must enroll',
  'member',
  'viewer',
  'group manager',
  'developer',
  'admin',
  'suspended',
  'ended',
  'not started',
  'removed',
  'blocked',
  'admin elsewhere',
  'support',
] as const
export type Principal = (typeof principals)[number]

const details: Partial<Record<Principal, PersonDetails & { stage?: Stage }>> = {
  'before the second factor': { role: 'admin', stage: 'password' },
  'must change password': { role: 'admin', stage: 'new_password' },
  'must enroll': { role: 'admin', stage: 'enroll' },
  member: {},
  viewer: { role: 'viewer' },
  developer: { role: 'developer' },
  admin: { role: 'admin' },
  suspended: { role: 'admin', suspended: true },
  ended: { role: 'admin', endsOn: '2026-11-21' },
  'not started': { role: 'admin', startsOn: '2026-11-23' },
  removed: { role: 'admin', removed: true },
  blocked: { role: 'admin', blocked: true },
}

/** An organization with at least one row in every table that rows of organizations are in; `mark` is in every text of them. */
export async function filled(db: Db, mark: string, now: Date) {
  const here = await makeOrganization(db, `${mark} Adjusters`, now)
  const organization_id = here.id
  await db
    .updateTable('organization')
    .set({
      industry: `${mark} industry`,
      contact_email: `contact@${mark}.example`,
      contact_phone: `${mark} 555`,
      address: `1 ${mark} Street`,
    })
    .where('id', '=', here.id)
    .execute()
  const group = await makeGroup(db, here.id, `${mark} group`, ['claims.view'])
  await db.insertInto('group_locked_field').values({ organization_id, group_id: group, field: 'email' }).execute()
  const role = await makeCustomRole(db, here.id, `${mark} role`, ['invitations.view'])
  const region = await makeRegion(db, here.id, `${mark} region`, [`${mark} area`])
  const person = await addPerson(db, here, now, {
    first: `${mark}-first`,
    last: `${mark}-last`,
    title: `${mark} title`,
    email: `person.${newId()}@${mark}.example`.toLowerCase(),
    username: `${mark}-${unique()}`,
    group,
    region: region.id,
    area: region.areas[0] ?? null,
    customRoles: [role],
    permissions: ['usage.view'],
  })
  await db
    .updateTable('membership')
    .set({ cell_phone: `${mark} 1`, office_phone: `${mark} 2`, extension: `${mark} 3` })
    .where('id', '=', person.id)
    .execute()
  const avatar = `${mark}-`.padEnd(22, 'x')
  const px = Buffer.from(`${mark} picture`)
  await db
    .insertInto('avatar')
    .values({
      organization_id,
      name: avatar,
      membership_id: person.id,
      px_64: px,
      px_96: px,
      px_192: px,
      px_512: px,
      created_at: now,
    })
    .execute()
  await db.updateTable('membership').set({ avatar }).where('id', '=', person.id).execute()
  const invited = await addPerson(db, here, now, {
    first: `${mark}-invited`,
    last: `${mark}-invited`,
    email: `invited.${newId()}@${mark}.example`.toLowerCase(),
    invited: true,
  })
  const invitation = newId()
  await db
    .insertInto('invitation')
    .values({
      id: invitation,
      organization_id,
      membership_id: invited.id,
      email: invited.email,
      email_key: invited.email,
      first_name: invited.first,
      last_name: invited.last,
      organization_role: 'member',
      message: `${mark} message`,
      reason: `${mark} reason`,
      offer: { group_id: here.defaultGroup },
      group_id: here.defaultGroup,
      status: 'pending_activation',
      created_at: now,
    })
    .execute()
  const draft = newId()
  await db
    .insertInto('draft')
    .values({
      id: draft,
      organization_id,
      account_id: person.accountId ?? '',
      kind: 'add',
      data: { email: `draft@${mark}.example`, email_key: `draft@${mark}.example` },
      created_at: now,
    })
    .execute()
  await db.insertInto('seat_day').values({ organization_id, day: '2026-11-21', seats: 1, counted_at: now }).execute()
  const exempt = { until: '2026-11-30', reason: `${mark} reason`, given_at: now }
  await db
    .insertInto('two_factor_exemption')
    .values({ organization_id, membership_id: person.id, ...exempt })
    .execute()
  await db
    .insertInto('two_factor_notice')
    .values({ organization_id, membership_id: person.id, needed_from: '2026-12-01', days_before: 7 })
    .execute()
  const mail = newId()
  await db
    .insertInto('mail')
    .values({
      id: mail,
      organization_id,
      template: 'account_blocked',
      to_address: person.email,
      answer: `${mark} answer`,
      created_at: now,
    })
    .execute()
  await db
    .insertInto('mail_answer')
    .values({ id: newId(), organization_id, mail_id: mail, at: now, kind: 'refused', answer: `${mark} said` })
    .execute()
  await db
    .insertInto('event')
    .values({
      id: newId(),
      organization_id,
      at: now,
      how: 'operator',
      act: 'organization.created',
      subject: 'organization',
      subject_id: here.id,
    })
    .execute()
  return {
    ...here,
    mark,
    group,
    role,
    region: region.id,
    area: region.areas[0] ?? '',
    person,
    avatar,
    invited,
    invitation,
    mail,
    draft,
  }
}
export type Filled = Awaited<ReturnType<typeof filled>>

/** Two organizations side by side, and everybody who could ask for something in the first. */
export async function everybody(options: { database?: Connected; clock?: Clock; env?: Record<string, string> } = {}) {
  const started = startApp(options.database, options.clock, options.env)
  const { db, clock, app, services } = started
  const here = await filled(db, 'Harborcanary', clock.now)
  const there = await filled(db, 'Strangercanary', clock.now)
  const people = new Map<Principal, Person>()
  for (const [name, detail] of Object.entries(details)) {
    const { stage, ...person } = detail
    people.set(
      name as Principal,
      await addPerson(db, here, clock.now, { first: 'Harborcanary', last: name, ...person }),
    )
  }
  people.set(
    'group manager',
    await addPerson(db, here, clock.now, { first: 'Harborcanary', last: 'Gus', group: here.group, manages: true }),
  )
  people.set(
    'admin elsewhere',
    await addPerson(db, there, clock.now, { first: 'Stella', last: 'Strangercanary', role: 'admin' }),
  )

  const sam = { id: newId(), accountId: newId(), email: `sam.${newId()}@support.example`, first: 'Sam', last: '' }
  await db
    .insertInto('account')
    .values({ id: sam.accountId, email: sam.email, email_key: sam.email, is_support: true, created_at: clock.now })
    .execute()
  people.set('support', sam)

  /** A browser with a session of its own: what one request ends, the next one doesn't miss. */
  const enter = async (who: Principal, base: Organization = here): Promise<Browser> => {
    const browser = new Browser(app, `/o/${base.slug}`)
    const accountId = people.get(who)?.accountId
    if (!accountId) return browser
    const cookie = await startSession(db, clock.now, services.config.secure, {
      accountId,
      stage: details[who]?.stage ?? 'full',
      ip: browser.ip,
      userAgent: 'test',
      confirmed: true,
    })
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    browser.cookies.set(name, value)
    return browser
  }
  return { ...started, here, there, people, enter }
}

/** Everything that is stored of an organization, as text: its row, the rows of its tables, and the accounts of its members. */
export async function dump(db: Db, organization: { id: string }): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  const texts = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort()
  for (const table of organizationTables)
    found[table] = texts(
      await db
        .selectFrom(table as 'membership')
        .selectAll()
        .where('organization_id', '=', organization.id)
        .execute(),
    )
  found.organization = texts(
    await db.selectFrom('organization').selectAll().where('id', '=', organization.id).execute(),
  )
  const accounts = db
    .selectFrom('membership')
    .where('organization_id', '=', organization.id)
    .where('account_id', 'is not', null)
    .select('account_id')
  found.account = texts(
    await db
      .selectFrom('account')
      .selectAll()
      .where('id', 'in', accounts as never)
      .execute(),
  )
  found.session = texts(
    await db
      .selectFrom('session')
      .selectAll()
      .where('account_id', 'in', accounts as never)
      .execute(),
  )
  return found
}

/**
 * What is stored in the tables of organizations and of accounts, but for sessions: of each table a number that is another one as soon
 * as any of its rows is. One statement.
 */
export async function fingerprint(db: Db): Promise<Record<string, string>> {
  const tables = [...organizationTables, 'organization', 'account']
  const parts = tables.map(
    (
      name,
    ) => sql`select ${name}::text as name, count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) as rows
      from ${sql.table(name)} t`,
  )
  const { rows } = await sql<{ name: string; rows: string }>`${sql.join(parts, sql` union all `)}`.execute(db)
  return Object.fromEntries(rows.map((row) => [row.name, row.rows]))
}

/** Every text of an organization that nobody outside may ever read: names, addresses, ids; each with its other spellings. */
export async function canariesOf(db: Db, organization: Filled): Promise<string[][]> {
  const found = new Map<string, string[]>([['', [organization.mark.toLowerCase()]]])
  for (const rows of Object.values(await dump(db, organization)))
    for (const row of rows)
      for (const [, text = ''] of row.toLowerCase().matchAll(/"([^"\\]*)"/g))
        if (isId(text)) found.set(text, [text, shortId(text).toLowerCase()])
        else if (text.includes(organization.mark.toLowerCase())) found.set(text, [text])
  return [...found.values()]
}

/** What of these is in an answer, though whoever asked didn't type it. */
export const leaked = (canaries: readonly string[][], answer: Parameters<typeof everythingOf>[0], typed = '') => {
  const text = everythingOf(answer).toLowerCase()
  const asked = decodeURIComponent(typed).toLowerCase()
  return canaries.filter(
    (forms) => forms.some((one) => text.includes(one)) && !forms.some((one) => asked.includes(one)),
  )
}

/** Everything of an answer that reaches whoever asked. */
export const everythingOf = ({ status, html, headers }: { status: number; html: string; headers: Headers }): string =>
  [status, ...[...headers].map(([name, value]) => `${name}: ${value}`), '', html].join('\n')
