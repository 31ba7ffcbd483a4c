import { beforeEach, describe, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { invite } from '../joining/invited.ts'
import { hiddenIn } from '../support/acts.ts'
import { Lynx } from '../support/lynx.ts'
import { addPerson, hours, organization } from '../support/world.ts'
import { close, sam, seenIn, type World } from './sam.ts'

let world: World
let support: Awaited<ReturnType<typeof sam>>
beforeEach(async () => {
  world = await organization()
  support = await sam(world)
})

const look = (email: string) => support.get(`/support/people?email=${encodeURIComponent(email)}`)
const account = (id: string | null) =>
  world.db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', id ?? '')
    .executeTakeFirstOrThrow()
const setAccount = (id: string | null, values: Record<string, unknown>) =>
  world.db
    .updateTable('account')
    .set(values)
    .where('id', '=', id ?? '')
    .execute()

test('of an address all that support staff may know: places, invitations, mails with answers, tries, block, two-factor', async () => {
  const ben = await world.add({ first: 'Ben', twoFactor: true, blocked: true, email: 'ben.m@example.org' })
  const inv = await invite(world, { email: 'other@example.org' })
  await world.db.updateTable('invitation').set({ email_key: ben.email }).where('id', '=', inv.id).execute()
  await world.db
    .insertInto('mail')
    .values({
      id: inv.id,
      organization_id: world.here.id,
      template: 'invitation',
      to_address: ben.email,
      to_key: ben.email,
      state: 'failed',
      answer: '550 no such mailbox',
      created_at: world.clock.now,
    })
    .execute()
  await world.db
    .insertInto('event')
    .values({
      id: inv.id,
      at: world.clock.now,
      how: 'screen',
      act: 'sign_in.failed',
      subject: 'account',
      subject_id: ben.accountId,
    })
    .execute()
  const page = await look(ben.email.toUpperCase())
  for (const words of [
    'Their account is blocked',
    'Unblock',
    'Harbor Claims Blocked, Member',
    'Pending activation',
    '550 no such mailbox',
    'Sign-in failed',
    'on since',
  ])
    expect(page.text).toContain(words)
  expect(page.html.replaceAll('action="/sign-out"', '')).not.toMatch(/method="post" action/)
})

describe('the one next step', () => {
  test('for somebody who gets nothing but the page that turns two-factor on says so', async () => {
    const [reset, well] = [await world.add({ first: 'Rae' }), await world.add({ first: 'Wil' })]
    const says = async (email: string) => (await look(email)).text.includes('They must turn on two-factor')
    await setAccount(reset.accountId, { password_hash: 'of a password', must_enroll: true })
    await setAccount(well.accountId, { password_hash: 'of a password' })
    expect([await says(reset.email), await says(well.email)]).toEqual([true, false])
    const require = (day: string | null) =>
      world.db.updateTable('organization').set({ two_factor_from: day }).where('id', '=', world.here.id).execute()
    await require('2000-01-01')
    expect(await says(well.email)).toBe(true)
    const until = new Date(world.clock.now.getTime() + 86_400_000).toISOString().slice(0, 10)
    await world.db
      .insertInto('two_factor_exemption')
      .values({
        organization_id: world.here.id,
        membership_id: well.id,
        until,
        reason: 'A new phone',
        given_by: world.ana.person.id,
        given_at: world.clock.now,
      })
      .execute()
    expect(await says(well.email)).toBe(false)
    await require(null)
  })

  test('for somebody blocked is Unblock, Admins too; every organization of theirs reads it', async () => {
    const ben = await world.add({ first: 'Ben', role: 'admin', blocked: true })
    await setAccount(ben.accountId, { failed_sign_ins: 100 })
    const lynx = new Lynx(support)
    await lynx.open(`/support/people?email=${ben.email}`)
    await lynx.follow('Unblock')
    expect(lynx.page.text).toContain(ben.email)
    await lynx.press('Unblock')
    expect(lynx.address).toContain('/support/people?email=')
    expect(await account(ben.accountId)).toMatchObject({ blocked_at: null, failed_sign_ins: 0 })
    const row = await world.db.selectFrom('membership').select('status').where('id', '=', ben.id).executeTakeFirst()
    expect(row?.status).toBe('active')
    expect(await seenIn(world, world.here.id)).toMatchObject([
      { act: 'support.looked', subject: 'membership', subject_id: ben.id },
      { act: 'account.unblocked', subject: 'account', subject_id: ben.accountId, actor_id: support.accountId },
    ])
    expect((await world.ana.get('audit')).text).toMatch(/Support Unblocked Ben/)
  })

  test('for a forgotten password is a link by mail that Sam never sees', async () => {
    const ben = await world.add({ first: 'Ben', role: 'admin' })
    await setAccount(ben.accountId, { password_hash: 'x', failed_sign_ins: 4 })
    expect((await look(ben.email)).text).toContain('Wrong passwords were typed since they last signed in (4)')
    const path = `/support/people/${shortId(ben.accountId ?? '')}/reset-link`
    const form = await support.get(path)
    expect(form.text).toContain(`To ${ben.email}`)
    const done = await support.post(path, hiddenIn(form.html))
    expect(done.status).toBe(200)
    expect(done.html).not.toMatch(/reset-password/)
    expect(await account(ben.accountId)).toMatchObject({ reset_generation: 1, password_hash: 'x' })
    const mail = () =>
      world.db
        .selectFrom('mail')
        .select(['template', 'data', 'generation'])
        .where('to_address', '=', ben.email)
        .execute()
    expect(await mail()).toMatchObject([{ template: 'reset_link', data: { account_id: ben.accountId }, generation: 1 }])
    // The same button once more ends nothing.
    expect((await support.post(path, hiddenIn(form.html))).status).toBe(409)
    expect(await mail()).toHaveLength(1)
    expect((await seenIn(world, world.here.id)).map(({ act }) => act)).toEqual([
      'support.looked',
      'password.reset_link_made',
    ])
    for (let n = 0; n < 2; n++) await support.post(path, hiddenIn((await support.get(path)).html))
    expect((await support.post(path, hiddenIn((await support.get(path)).html))).status).toBe(429)
    world.clock.pass(hours(1))
  })

  test('for somebody who hasn’t joined is Resend', async () => {
    const inv = await invite(world)
    const page = await look(inv.email)
    expect(page.html).toContain(`href="/support/invitations/${shortId(inv.id)}/resend"`)
    expect(await seenIn(world, world.here.id)).toMatchObject([{ subject: 'invitation', subject_id: inv.id }])
  })
})

describe('organizations that don’t allow support access', () => {
  test('are only counted beside others; what is done to the account is in their log all the same', async () => {
    const ben = await world.add({ first: 'Ben', blocked: true })
    await addPerson(world.db, world.elsewhere, world.clock.now, { accountId: ben.accountId ?? '', email: ben.email })
    await invite(world, { email: ben.email, organization: world.elsewhere, by: world.stella.person.id }).catch(() => {})
    await close(world, world.elsewhere.id)
    const page = await look(ben.email)
    expect(page.text).toContain('One elsewhere, not open to support')
    expect(page.text).not.toContain('North Sea')
    expect(await seenIn(world, world.elsewhere.id)).toEqual([])
    const path = `/support/people/${ben.accountId}/unblock`
    await support.post(path, hiddenIn((await support.get(path)).html))
    expect((await seenIn(world, world.elsewhere.id)).map(({ act }) => act)).toEqual(['account.unblocked'])
  })

  test('hide an account that is nowhere else, and nothing can be done to it', async () => {
    const ben = await world.add({ first: 'Ben', blocked: true })
    await close(world, world.here.id)
    const page = await look(ben.email)
    expect(page.text).toContain('doesn’t allow support access')
    expect(page.text).not.toContain('blocked')
    for (const name of ['unblock', 'reset-link']) {
      expect((await support.get(`/support/people/${ben.accountId}/${name}`)).status).toBe(404)
      expect((await support.post(`/support/people/${ben.accountId}/${name}`, { version: '1' })).status).toBe(404)
    }
    expect((await account(ben.accountId)).blocked_at).not.toBeNull()
    expect(await seenIn(world, world.here.id)).toEqual([])
  })
})

test('somebody whose last place ended is still helped', async () => {
  const ben = await world.add({ first: 'Ben', removed: true })
  expect((await look(ben.email)).text).toContain('were removed from Harbor Claims')
  expect((await support.get(`/support/people/${ben.accountId}/reset-link`)).status).toBe(200)
})

test('nothing that support staff are denied is there for them (R-41)', async () => {
  const ben = await world.add({ first: 'Ben' })
  const base = `/o/${world.here.slug}`
  for (const path of [
    `${base}/members`,
    `${base}/members/${ben.id}`,
    `${base}/members/${ben.id}/edit`,
    `${base}/audit`,
  ])
    expect((await support.get(path)).status).toBe(404)
  for (const name of ['remove', 'access', 'password', 'account', 'suspend'])
    expect((await support.post(`${base}/members/${ben.id}/${name}`, { version: '1' })).status).toBe(404)
  expect((await support.get(`${base}/members.csv`)).status).toBe(404)
})

test('an address that isn’t one is asked for again; of one that nobody has nothing is noted', async () => {
  expect((await look('nobody')).text).toContain('Enter an email address like')
  expect((await look('nobody@nowhere.example')).text).toContain('Compare the spelling')
  expect((await support.get('/support/people')).status).toBe(200)
})
