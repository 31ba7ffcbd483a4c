import { hashPassword } from '../../src/passwords/hash.ts'
import { emailKey } from '../../src/platform/fold.ts'
import { newId } from '../../src/platform/ids.ts'
import { type Channel, signLink } from '../../src/platform/links.ts'
import { Browser } from '../support/browser.ts'
import { unique } from '../support/unique.ts'
import { addPerson, days, type organization, type PersonDetails } from '../support/world.ts'

export type World = Awaited<ReturnType<typeof organization>>

export const password = 'seven herons over the weir'
export const chosen = { first_name: 'Nora', last_name: 'New', password, password_again: password }
export const named = { first_name: 'Nora', last_name: 'New' }

type Invited = Omit<PersonDetails, 'permissions'> & {
  email?: string
  by?: string | null
  permissions?: string[]
  approver?: string
  /** Who copied its link. */
  copier?: string
  message?: string
  status?: string
  validity?: number
  organization?: World['here']
}

let count = 0

/** Somebody invited by Ana, unless another one is named, with the invitation as `inviting` writes it. */
export async function invite(world: World, details: Invited = {}) {
  const { db, clock, services } = world
  const here = details.organization ?? world.here
  const email = details.email ?? `nora.${++count}.${unique()}@example.org`
  const {
    by = world.ana.person.id,
    approver,
    copier = world.ana.person.id,
    permissions = [],
    status = 'pending_activation',
  } = details
  const expires_at = new Date(clock.now.getTime() + (details.validity ?? days(7)))
  const person = await addPerson(db, here, clock.now, {
    first: details.first ?? 'Nora',
    last: details.last ?? '',
    email,
    role: details.role ?? 'member',
    group: details.group ?? here.defaultGroup,
    manages: details.manages ?? false,
    invited: true,
    invite: status,
    inviteExpires: expires_at,
  })
  const id = newId()
  await db
    .insertInto('invitation')
    .values({
      id,
      organization_id: here.id,
      membership_id: person.id,
      email,
      email_key: emailKey(email),
      first_name: person.first,
      last_name: person.last,
      organization_role: details.role ?? 'member',
      offer: {
        group_id: details.group ?? here.defaultGroup,
        manages_group: details.manages ?? false,
        role_ids: details.customRoles ?? [],
        permissions,
        region_id: details.region ?? null,
        area_id: details.area ?? null,
      },
      group_id: details.group ?? here.defaultGroup,
      role_ids: details.customRoles ?? [],
      message: details.message ?? '',
      status,
      approval: approver ? 'approved' : 'not_needed',
      decided_by: approver ?? null,
      expires_at,
      invited_by: by,
      sender_name: 'Ana Admin',
      created_at: clock.now,
    })
    .execute()
  const tokenOf = (channel: Channel = 'mail', generation = 1) =>
    signLink({ kind: 'invitation', id, generation, channel, ...(channel === 'copy' && { by: copier }) }, services.key)
  return {
    id,
    email,
    membership: person.id,
    tokenOf,
    link: (channel: Channel = 'mail', generation = 1) => `/join/${tokenOf(channel, generation)}`,
    now: () => db.selectFrom('invitation').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    person: () => db.selectFrom('membership').selectAll().where('id', '=', person.id).executeTakeFirstOrThrow(),
    account: () => db.selectFrom('account').selectAll().where('email_key', '=', emailKey(email)).executeTakeFirst(),
    events: async () =>
      (
        await db.selectFrom('event').select('act').where('subject_id', 'in', [id, person.id]).orderBy('id').execute()
      ).map(({ act }) => act),
    letters: async () =>
      (
        await db
          .selectFrom('mail')
          .select(['template', 'to_address'])
          .where('invitation_id', '=', id)
          .orderBy('id')
          .execute()
      ).map(({ template, to_address }) => [template, to_address]),
  }
}
export type Invitation = Awaited<ReturnType<typeof invite>>

/** A browser in which this link was opened: on the page that it leads to. */
export async function opening(world: World, link: string, browser = new Browser(world.app)) {
  const first = await browser.get(link)
  const page = await browser.get(first.location ?? '')
  return { browser, first, page }
}

/** Opens the link, fills in what somebody new fills in, and accepts. */
export async function joinAnew(world: World, link: string, browser = new Browser(world.app)) {
  await opening(world, link, browser)
  const answer = await browser.post('/join', chosen)
  return { browser, answer }
}

let hash: Promise<string> | undefined

/** Somebody who has an account already, with a place in another organization; `verified`: the address is known to be theirs. */
export async function elsewhere(world: World, { verified = true, email }: { verified?: boolean; email?: string } = {}) {
  const person = await addPerson(world.db, world.elsewhere, world.clock.now, {
    first: 'Else',
    ...(email ? { email } : {}),
  })
  await world.db
    .updateTable('account')
    .set({
      password_hash: await (hash ??= hashPassword(password)),
      email_verified_at: verified ? world.clock.now : null,
    })
    .where('id', '=', person.accountId ?? '')
    .execute()
  return person
}

export const signIn = (browser: Browser, login: string, next = '/join') =>
  browser.post('/sign-in', { login, password, next })
