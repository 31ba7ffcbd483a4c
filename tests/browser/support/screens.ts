import type { Page } from 'playwright-core'
import { makeResetLink } from '../../../src/passwords/commands.ts'
import { allPermissions } from '../../../src/platform/access/permissions.ts'
import { newId } from '../../../src/platform/ids.ts'
import { signLink } from '../../../src/platform/links.ts'
import { countSeats } from '../../../src/settings/commands.ts'
import { operatorCause } from '../../../src/tasks/command.ts'
import { Browser as Client } from '../../support/browser.ts'
import { freshDatabase } from '../../support/database.ts'
import { startSession } from '../../support/start-session.ts'
import { makeCustomRole, makeGroup, makeRegion } from '../../support/world.ts'
import { invitingScreens } from './inviting-screens.ts'
import { joiningScreens } from './joining-screens.ts'
import { crowd, oddNames } from './people.ts'
import { openFirstStart, openPlace, type Place } from './place.ts'
import { profileScreens } from './profile-screens.ts'
import { requiringScreens } from './requiring-screens.ts'
import { type Screen, send } from './screen.ts'
import { secondStepScreens } from './second-step-screens.ts'
import { supportScreens } from './support-screens.ts'

/** Every page that there is, and every state that looks different, in one organization with people of every kind. */
export async function openScreens(): Promise<{ place: Place; screens: Screen[]; close: () => Promise<unknown> }> {
  const place = await openPlace(await freshDatabase())
  const start = await openFirstStart(await freshDatabase())
  const { db, here, list, ana, mia, add, services } = place
  const now = new Date()
  await crowd(place, 55)
  const auditors = await makeCustomRole(db, here.id, 'Auditors of everything that happens', ['audit.view'])
  const group = await makeGroup(db, here.id, 'Catastrophe response and marine adjusters', ['claims.view'])
  const region = await makeRegion(db, here.id, 'Nordics', ['Letterkenny'])
  for (const [first, last] of oddNames) await add({ first, last, title: 'Senior loss adjuster' })
  for (const status of ['suspended', 'removed', 'blocked', 'invited'] as const)
    await add({ first: 'Aaron', last: status, [status]: true })
  await add({ first: 'Aaron', last: 'ended', endsOn: '2020-01-01' })
  await add({ first: 'Aaron', last: 'later', startsOn: '2099-01-01' })
  for (const invite of ['pending_approval', 'rejected', 'revoked', 'active'])
    await add({ first: 'Aaron', last: invite, invite, invited: invite !== 'active' })
  const viewer = await add({
    first: 'Wilhelmina',
    last: 'Featherstonehaugh-Cholmondeley',
    role: 'viewer',
    group,
    region: region.id,
    area: region.areas[0] ?? null,
    customRoles: [auditors],
    permissions: allPermissions.slice(0, 5),
  })
  const gone = await add({
    first: 'Gwendolyn',
    last: 'Gone',
    role: 'viewer',
    group,
    customRoles: [auditors],
    permissions: ['usage.view'],
    removed: true,
  })
  await db
    .updateTable('membership')
    .set({ removed_by: ana.person.id, removed_reason: 'Moved on at the end of the month' })
    .where('id', '=', gone.id)
    .execute()
  const blocked = await add({ first: 'Bo', last: 'Blocked', blocked: true })
  const rex = await place.enter({ first: 'Rex', permissions: ['members.view', 'members.remove'] })
  const base = list.replace(/\/members$/, '')
  const keepers = await makeCustomRole(db, here.id, '<b>Keepers</b> of access', ['claims.view'])
  const keeper = await place.enter({
    first: 'Kay',
    last: 'Keeper',
    customRoles: [keepers],
    permissions: ['roles.manage', 'claims.edit'],
  })
  const closed = await place.enter({ first: 'Sue', last: 'Pended', suspended: true })
  const nowhere = await place.enter({ first: 'Norma', last: 'Nowhere', removed: true })
  const first = await add({ first: 'Fay', last: 'First' })
  const fay = new Client(place.app)
  const cookie = await startSession(services.db, now, false, {
    accountId: first.accountId ?? '',
    stage: 'new_password',
    ip: fay.ip,
    userAgent: 'test',
    confirmed: true,
  })
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
  fay.cookies.set(name, value)
  const token = await makeResetLink(services.db, operatorCause(now), services.key, {
    accountId: first.accountId ?? '',
    channel: 'copy',
  })
  const drafted = newId()
  await db
    .insertInto('draft')
    .values({
      organization_id: here.id,
      id: drafted,
      account_id: ana.person.accountId ?? '',
      kind: 'add',
      data: {
        email: 'somebody.with.a.rather.long.address@adjusters.example',
        email_key: 'somebody.with.a.rather.long.address@adjusters.example',
        contact: {
          first_name: 'Nimali',
          last_name: 'Wijesinghe Arachchilage',
          title: 'Marine surveyor',
          cell_phone: '+31 6 5550 0123',
          office_phone: '',
          extension: '',
        },
        how: 'now',
        access: { role: 'viewer', group, manages: false, customRoles: [auditors], permissions: ['claims.view'] },
      },
      created_at: now,
    })
    .execute()
  const waits = await add({ first: 'Nell', last: 'Newaddress' })
  const confirm = signLink({ kind: 'email', id: waits.accountId ?? '', generation: 1, channel: 'copy' }, services.key)
  await db
    .updateTable('account')
    .set({
      new_email: 'nell.of.the.long.new.address@subdomain.example.org',
      new_email_key: 'nell.of.the.long.new.address@subdomain.example.org',
      new_email_by: here.id,
      new_email_version: 1,
      new_email_expires_at: new Date(now.getTime() + 3_600_000),
      email_generation: 1,
    })
    .where('id', '=', waits.accountId ?? '')
    .execute()
  const restore = signLink(
    { kind: 'former_email', id: waits.accountId ?? '', generation: 1, channel: 'mail' },
    services.key,
  )
  await db
    .insertInto('former_email')
    .values({
      account_id: waits.accountId ?? '',
      generation: 1,
      email: 'nell.before@example.org',
      email_key: 'nell.before@example.org',
      ends_at: new Date(now.getTime() + 7 * 86_400_000),
    })
    .execute()
  const moving = await place.enter({ first: 'Mo', last: 'Moving' })
  await db
    .updateTable('account')
    .set({
      new_email: 'mo.of.the.long.new.address@subdomain.example.org',
      new_email_key: 'mo.of.the.long.new.address@subdomain.example.org',
      new_email_own: true,
      new_email_version: 1,
      new_email_expires_at: new Date(now.getTime() + 3_600_000),
    })
    .where('id', '=', moving.person.accountId ?? '')
    .execute()
  const locking = await makeGroup(db, here.id, 'Contractors')
  for (const field of ['email', 'username'])
    await db.insertInto('group_locked_field').values({ organization_id: here.id, group_id: locking, field }).execute()
  const held = await place.enter({ first: 'Hedda', last: 'Held', group: locking })
  const manyFilters =
    '?status=active&status=invited&status=blocked&status=suspended&status=ended&role=admin&role=viewer&two_factor=off&inactive=90'

  const download = { act: 'members.downloaded', subject: 'organization', changes: { format: 'csv' } }
  await db
    .insertInto('event')
    .values({
      id: newId(),
      organization_id: here.id,
      at: now,
      how: 'screen',
      actor_id: ana.person.accountId,
      ...download,
    })
    .execute()
  await countSeats(db, now)
  const few = `${list}?q=aaron`
  const open = (selector: string) => async (page: Page) => {
    await page.locator(selector).filter({ visible: true }).first().click()
  }
  return {
    place,
    close: () => Promise.all([place.close(), start.close()]),
    screens: [
      { name: 'set-up', who: null, path: start.link },
      {
        name: 'set-up, nothing typed',
        who: null,
        path: start.link,
        act: (page) => send(page, 'Create organization'),
      },
      { name: 'sign-in', who: null, path: '/sign-in' },
      {
        name: 'sign-in, nothing typed',
        who: null,
        path: '/sign-in',
        act: (page) => send(page, 'Sign in'),
      },
      {
        name: 'sign-in, wrong',
        who: null,
        path: '/sign-in',
        act: async (page) => {
          await page.getByLabel('Email or username').fill('nobody@example.org')
          await page.getByLabel('Password').fill('something or other')
          await send(page, 'Sign in')
        },
      },
      { name: 'sign-in after a new password', who: null, path: '/sign-in/password-changed' },
      { name: 'can’t sign in', who: null, path: '/cannot-sign-in' },
      { name: 'a first password', who: fay, path: '/sign-in/new-password' },
      { name: 'a reset link', who: null, path: `/reset-password/${token}` },
      {
        name: 'a reset link, too short',
        who: null,
        path: `/reset-password/${token}`,
        act: async (page) => {
          await page.getByLabel('New password', { exact: true }).fill('short')
          await send(page, 'Save password')
        },
      },
      { name: 'a reset link that doesn’t work', who: null, path: '/reset-password/nonsense' },
      { name: 'not found, outside', who: null, path: '/nowhere' },
      { name: 'members', who: ana, path: list },
      { name: 'members, many filters', who: ana, path: list + manyFilters },
      { name: 'members, nobody', who: ana, path: `${list}?q=nobody+at+all&status=active` },
      { name: 'members, an address not understood', who: ana, path: `${few}&status=nonsense` },
      {
        name: 'members, a filter open',
        who: ana,
        path: `${list}?sort=-email`,
        act: open('.find > .fold, .find summary'),
      },
      { name: 'members, the downloads open', who: ana, path: few, act: open('.toolbar summary') },
      { name: 'members, the menu open', who: ana, path: few, act: open('.fold > summary, .bar .me > summary') },
      {
        name: 'members, the shortcuts',
        who: ana,
        path: few,
        act: async (page) => {
          await page.keyboard.press('?')
          await page.getByRole('dialog').waitFor()
        },
      },
      {
        name: 'members, a row’s actions open',
        who: ana,
        path: few,
        act: async (page) => {
          await page.locator('.go').first().click()
          await page.locator('#acts').waitFor()
        },
      },
      { name: 'who can do this', who: ana, path: `${list}/who` },
      { name: 'changing access', who: ana, path: `${list}/${viewer.id}/access` },
      { name: 'editing somebody', who: ana, path: `${list}/${viewer.id}/edit` },
      { name: 'start and end date', who: ana, path: `${list}/${viewer.id}/dates` },
      { name: 'usage', who: ana, path: `${base}/settings/usage` },
      { name: 'the audit log', who: ana, path: `${base}/audit`, act: open('tbody summary') },
      { name: 'details', who: ana, path: `${list}/${viewer.id}?q=aaron` },
      { name: 'details of an Admin', who: ana, path: `${list}/${ana.person.id}?q=aaron` },
      { name: 'details of somebody removed', who: ana, path: `${list}/${gone.id}` },
      { name: 'taking somebody back', who: rex, path: `${list}/${gone.id}/take-back` },
      { name: 'removing somebody', who: ana, path: `${list}/${place.gus.person.id}/remove` },
      { name: 'unblocking', who: ana, path: `${list}/${blocked.id}/unblock` },
      { name: 'signing somebody out', who: ana, path: `${list}/${mia.person.id}/sign-out` },
      {
        name: 'a password for somebody, too short',
        who: ana,
        path: `${list}/${viewer.id}/password`,
        act: async (page) => {
          await page.getByText('Type one').click()
          await page.getByLabel('New password', { exact: true }).fill('short')
          await send(page, 'Change password')
        },
      },
      {
        name: 'a password shown once',
        who: ana,
        path: `${list}/${viewer.id}/password`,
        act: (page) => send(page, 'Change password'),
      },
      { name: 'somebody’s username and email', who: ana, path: `${list}/${viewer.id}/account` },
      {
        name: 'somebody’s username and email, wrong',
        who: ana,
        path: `${list}/${viewer.id}/account`,
        act: async (page) => {
          await page.getByLabel('Username', { exact: true }).fill('a b')
          await page.getByLabel('Email', { exact: true }).fill('nobody')
          await send(page, 'Save')
        },
      },
      {
        name: 'a link for a new address',
        who: ana,
        path: `${list}/${rex.person.id}/account`,
        act: async (page) => {
          await page.getByLabel('Email', { exact: true }).fill('rex.renamed@example.org')
          await send(page, 'Save')
        },
      },
      { name: 'a new address that waits', who: ana, path: `${list}/${waits.id}/account` },
      { name: 'details of somebody whose new address waits', who: ana, path: `${list}/${waits.id}` },
      { name: 'a new address to confirm', who: null, path: `/confirm-email/${confirm}` },
      { name: 'a new address, confirmed', who: null, path: '/confirm-email/done' },
      { name: 'a new address, by a link that doesn’t work', who: null, path: '/confirm-email/nonsense' },
      { name: 'this was not me', who: null, path: `/restore-email/${restore}` },
      { name: 'an address that is back', who: null, path: '/restore-email/done' },
      { name: 'this was not me, by a link that doesn’t work', who: null, path: '/restore-email/nonsense' },
      { name: 'one’s own account', who: ana, path: '/profile' },
      {
        name: 'one’s own account, wrong',
        who: ana,
        path: '/profile',
        act: async (page) => {
          await page.getByLabel('Username', { exact: true }).fill('a b')
          await page.getByLabel('Email', { exact: true }).fill('nobody')
          await send(page, 'Save')
        },
      },
      { name: 'one’s own account, whose new address waits', who: moving, path: '/profile' },
      { name: 'one’s own account, locked', who: held, path: '/profile' },
      { name: 'time zones', who: ana, path: '/profile/time-zone' },
      { name: 'a reset link for somebody', who: ana, path: `${list}/${viewer.id}/reset-link` },
      {
        name: 'adding somebody, an address that is there',
        who: ana,
        path: `${list}/new`,
        act: async (page) => {
          await page.getByLabel('Email', { exact: true }).fill(viewer.email)
          await send(page, 'Continue')
        },
      },
      { name: 'adding somebody, how', who: ana, path: `${list}/new/${drafted}/how` },
      { name: 'adding somebody, their access', who: ana, path: `${list}/new/${drafted}/access` },
      {
        name: 'adding somebody, confirmed too early',
        who: ana,
        path: `${list}/new/${drafted}/confirm`,
        act: async (page) => {
          await page.getByText('Type one').click()
          await send(page, 'Add user')
        },
      },
      { name: 'inviting somebody', who: ana, path: `${base}/invitations/new` },
      {
        name: 'inviting somebody, an address that looks like another',
        who: ana,
        path: `${base}/invitations/new`,
        act: async (page) => {
          await page.getByLabel('Email', { exact: true }).fill('somebody@gmial.com')
          await send(page, 'Send invitation')
        },
      },
      { name: 'inviting several', who: ana, path: `${base}/invitations/new/several` },
      {
        name: 'inviting several, what becomes of each',
        who: ana,
        path: `${base}/invitations/new/several`,
        act: async (page) => {
          await page.getByLabel('Addresses').fill('Nimali Wije <nimali@example.net>\nnobody\nsomebody@gmial.com')
          await send(page, 'Check the list')
        },
      },
      ...(await invitingScreens(place)),
      ...(await joiningScreens(place)),
      ...(await supportScreens(place, blocked)),
      ...(await secondStepScreens(place)),
      { name: 'security settings', who: ana, path: `${base}/settings/security` },
      ...(await requiringScreens(place)),
      { name: 'groups', who: ana, path: `${base}/groups` },
      { name: 'a new group', who: ana, path: `${base}/groups/new` },
      { name: 'a group', who: ana, path: `${base}/groups/${group}` },
      { name: 'a group, before it is deleted', who: ana, path: `${base}/groups/${group}/delete` },
      { name: 'regions', who: ana, path: `${base}/regions` },
      {
        name: 'a new region, nothing typed',
        who: ana,
        path: `${base}/regions/new`,
        act: (page) => send(page, 'Create region'),
      },
      { name: 'a region', who: ana, path: `${base}/regions/${region.id}` },
      { name: 'a new area', who: ana, path: `${base}/regions/${region.id}/new-area` },
      { name: 'an area', who: ana, path: `${base}/regions/areas/${region.areas[0]}` },
      { name: 'a region, before it is deleted', who: ana, path: `${base}/regions/${region.id}/delete` },
      { name: 'roles', who: ana, path: `${base}/roles` },
      { name: 'a new role', who: ana, path: `${base}/roles/new` },
      {
        name: 'a new role, nothing typed',
        who: ana,
        path: `${base}/roles/new`,
        act: (page) => send(page, 'Create role'),
      },
      { name: 'a role', who: ana, path: `${base}/roles/${auditors}` },
      { name: 'a role that one holds', who: keeper, path: `${base}/roles/${keepers}` },
      { name: 'a role, before it is deleted', who: ana, path: `${base}/roles/${auditors}/delete` },
      { name: 'one’s own details', who: mia, path: `${list}/me` },
      ...(await profileScreens(place)),
      { name: 'not allowed', who: mia, path: list },
      { name: 'suspended', who: closed, path: list },
      { name: 'in no organization', who: nowhere, path: '/' },
      { name: 'not found', who: ana, path: '/o/nowhere/members' },
    ],
  }
}
