import { sql } from 'kysely'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { connectTo } from '../support/database.ts'
import { Lynx } from '../support/lynx.ts'
import { unique } from '../support/unique.ts'
import { addPerson, days, makeCustomRole, makeGroup, makeRegion, organization, signedIn } from '../support/world.ts'
import { allowOnly } from './invited.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

type Fields = Record<string, string | string[]>
let number = 0
const someAddress = () => `inv.${++number}.${unique()}@example.org`
const fields = (email: string, more: Fields = {}): Fields => ({
  key: newId(),
  email,
  first_name: 'Nimali',
  last_name: 'Wije',
  role: 'member',
  group: shortId(world.here.defaultGroup),
  days: '7',
  message: '',
  ...more,
})
const send = (who: Browser, email: string, more: Fields = {}) => who.post('invitations/new', fields(email, more))
const own = ({ role: _, group: __, ...rest }: Fields): Fields => rest
const rowsOf = (email: string, of = world) =>
  of.db
    .selectFrom('invitation')
    .selectAll()
    .where('organization_id', '=', of.here.id)
    .where('email_key', '=', email.toLowerCase())
    .orderBy('created_at')
    .execute()
const memberOf = (email: string, of = world) =>
  of.db
    .selectFrom('membership')
    .selectAll()
    .where('organization_id', '=', of.here.id)
    .where('email_key', '=', email.toLowerCase())
    .orderBy('created_at')
    .execute()
const letters = (to: string, of = world) =>
  of.db.selectFrom('mail').select(['template', 'data', 'to_address']).where('to_address', '=', to).execute()

test('Stella finds nothing here, Vera and Mia may not invite', async () => {
  const email = someAddress()
  const there = `/o/${world.here.slug}/invitations/new`
  for (const [who, status] of [
    [world.stella, 404],
    [world.vera, 403],
    [world.mia, 403],
    [world.stranger, 303],
  ] as const)
    for (const path of [there, `${there}/several`]) {
      expect([path, (await who.get(path)).status]).toEqual([path, status])
      expect([path, (await who.post(path, fields(email))).status]).toEqual([path, status])
    }
  expect(await rowsOf(email)).toEqual([])
  for (const who of [world.vera, world.mia]) expect((await who.get('members/me')).html).not.toContain('invitations/new')
})

test('Ana invites somebody from the menu: one invitation, one row in the table, one letter, one event', async () => {
  const { ana, db, here, clock } = world
  const email = someAddress()
  const region = await makeRegion(db, here.id, 'Nordics', ['Coast'])
  const role = await makeCustomRole(db, here.id, 'Desk lead', ['claims.view'])
  const lynx = new Lynx(ana)
  await lynx.open(ana.url('groups'))
  await lynx.follow('Invite member')
  expect(lynx.page.text).toContain('Organization Harbor Claims')
  expect(lynx.page.text).toContain('No mail server is set up, so no mail is sent')
  const form = {
    email: `  ${email.toUpperCase()} `,
    first_name: 'Nimali',
    last_name: 'Wije',
    role: 'member',
    group: shortId(world.intake),
    group_manager: ['on'],
    custom_role: [shortId(role)],
    permission: ['claims.edit'],
    region: shortId(region.id),
    area: shortId(region.areas[0] ?? ''),
    days: '14',
    message: 'Welcome\r\n\r\nto the desk',
  }
  const sent = await ana.post('invitations/new', { ...hiddenIn(lynx.page.html), ...form })
  const [invitation] = await rowsOf(email)
  expect([sent.status, sent.location]).toEqual([303, ana.url(`invitations/${shortId(invitation?.id ?? '')}`)])
  const [member] = await memberOf(email)
  const expires = new Date(clock.now.getTime() + days(14))
  expect(invitation).toMatchObject({
    membership_id: member?.id,
    email: email.toUpperCase(),
    email_key: email,
    first_name: 'Nimali',
    organization_role: 'member',
    offer: {
      group_id: world.intake,
      manages_group: true,
      role_ids: [role],
      permissions: ['claims.edit'],
      region_id: region.id,
      area_id: region.areas[0],
    },
    message: 'Welcome\n\nto the desk',
    status: 'pending_activation',
    approval: 'not_needed',
    generation: 1,
    expires_at: expires,
    last_sent_at: clock.now,
    invited_by: ana.person.id,
    sender_name: 'Ana Admin',
    group_id: world.intake,
    role_ids: [role],
    valid_days: 14,
    sort_name: 'wije\u0001nimali',
    sort_first: 'nimali\u0001wije',
    sort_sender: 'ana\u0001admin',
  })
  expect(invitation?.search).toContain('ana admin')
  expect(member).toMatchObject({
    status: 'invited',
    account_id: null,
    invite: 'pending_activation',
    invite_expires_at: expires,
    group_id: world.intake,
    manages_group: true,
    region_id: region.id,
    area_id: region.areas[0],
    role_ids: [role],
  })
  expect((await ana.get('members?q=nimali')).text).toMatch(/Nimali Wije .* Invited .* Pending activation/)
  expect(await letters(email.toUpperCase())).toMatchObject([
    { template: 'invitation', data: { invitationId: invitation?.id, generation: 1 } },
  ])
  const told = await db
    .selectFrom('event')
    .select(['act', 'subject', 'changes', 'actor_id'])
    .where('subject_id', '=', invitation?.id ?? '')
    .execute()
  expect(told).toEqual([
    {
      act: 'invitation.sent',
      subject: 'invitation',
      actor_id: ana.person.accountId,
      changes: {
        status: [null, 'pending_activation'],
        role: [null, 'member'],
        group: [null, world.intake],
        group_manager: [null, true],
        custom_role: [null, [role]],
        permission: [null, ['claims.edit']],
        region: [null, region.id],
        area: [null, region.areas[0]],
      },
    },
  ])
  const held = await db
    .selectFrom('membership_role')
    .select('role_id')
    .where('membership_id', '=', member?.id ?? '')
    .execute()
  expect(held).toEqual([{ role_id: role }])
})

describe('one form makes one invitation', () => {
  test('twenty presses at once (R-55)', async () => {
    const email = someAddress()
    const form = fields(email)
    const all = await Promise.all(Array.from({ length: 20 }, () => world.ana.post('invitations/new', form)))
    const [one, ...others] = await rowsOf(email)
    expect(others).toEqual([])
    expect(new Set(all.map(({ status, location }) => `${status} ${location}`))).toEqual(
      new Set([`303 ${world.ana.url(`invitations/${shortId(one?.id ?? '')}`)}`]),
    )
    expect([(await memberOf(email)).length, (await letters(email)).length]).toEqual([1, 1])
  })
  test('kept by the browser and sent again for somebody else, it says so, and the next press sends', async () => {
    const form = fields(someAddress())
    await world.ana.post('invitations/new', form)
    const email = someAddress()
    const again = await world.ana.post('invitations/new', { ...form, email })
    expect([again.status, again.text.includes('has sent an invitation already')]).toEqual([422, true])
    const { key = '' } = hiddenIn(again.html)
    expect(key).not.toBe(form.key)
    expect((await world.ana.post('invitations/new', { ...form, email, key })).status).toBe(303)
  })
  test('two Admins at once, in different letters: one is told', async () => {
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    const email = someAddress()
    const both = await Promise.all([send(world.ana, email), send(bea, email.toUpperCase())])
    expect(both.map(({ status }) => status).sort()).toEqual([303, 422])
    const second = both.find(({ status }) => status === 422)
    expect(second?.text).toContain('has been invited already')
    expect(await rowsOf(email)).toHaveLength(1)
    expect(second?.html).toContain(`/invitations/${shortId((await rowsOf(email))[0]?.id ?? '')}"`)
  })
})

describe('an address that is here', () => {
  test('of a member: a link to them for those who see them, and no word of them for Gus', async () => {
    const answer = await send(world.ana, world.mia.person.email.toUpperCase())
    expect([answer.status, answer.text.includes('is a member already')]).toEqual([422, true])
    expect(answer.html).toContain(`/members/${shortId(world.mia.person.id)}"`)
    const gus = await world.gus.post('invitations/new', own(fields(world.mia.person.email)))
    expect([gus.status, /Mia|member already/.test(gus.html)]).toEqual([422, false])
    const ian = await world.gus.post('invitations/new', own(fields(world.ian.person.email)))
    expect([ian.status, ian.text.includes('Open Ian Intake')]).toEqual([422, true])
  })
  test('whose invitation has expired is invited again: the old one stays as history, the row is the same', async () => {
    const { ana, clock } = world
    const email = someAddress()
    await send(ana, email, { days: '1', permission: ['claims.view'] })
    const [before] = await memberOf(email)
    clock.pass(days(1) - 1)
    const later = await signedIn(world, ana.person, world.here)
    expect((await send(later, email)).status).toBe(422)
    clock.pass(1)
    expect((await send(later, email, { first_name: '', last_name: '', permission: ['claims.edit'] })).status).toBe(303)
    expect(await rowsOf(email)).toMatchObject([
      { status: 'expired', approval: 'not_needed' },
      { status: 'pending_activation', first_name: 'Nimali' },
    ])
    const [after, ...others] = await memberOf(email)
    expect([after?.id, after?.invite, others.length]).toEqual([before?.id, 'pending_activation', 0])
    const held = world.db.selectFrom('membership_permission').select('permission')
    expect(await held.where('membership_id', '=', after?.id ?? '').execute()).toEqual([{ permission: 'claims.edit' }])
    clock.pass(-days(1))
  })
  test('of somebody who was removed: a fresh row', async () => {
    const gone = await world.add({ first: 'Rae', removed: true })
    expect((await send(world.ana, gone.email)).status).toBe(303)
    expect((await memberOf(gone.email)).map(({ status }) => status).sort()).toEqual(['invited', 'removed'])
  })
  test('in another organization is like any other', async () => {
    const answer = await send(world.ana, world.stella.person.email)
    expect([answer.status, answer.html.includes('Strang')]).toEqual([303, false])
  })
})

describe('nobody offers what they don’t hold (R-20)', () => {
  test('Kay may invite and see claims: neither Admin nor a group, role or permission beyond that', async () => {
    const { db, here } = world
    const kay = await world.enter({ first: 'Kay', permissions: ['members.invite', 'claims.view'] })
    const above = await makeGroup(db, here.id, `Above ${newId()}`, ['claims.all'])
    const role = await makeCustomRole(db, here.id, `Above ${newId()}`, ['claims.all'])
    const email = someAddress()
    for (const [field, more] of [
      ['role', { role: 'admin' }],
      ['group', { group: shortId(above) }],
      ['custom_role', { custom_role: [shortId(role)] }],
      ['permission', { permission: ['claims.view', 'audit.view'] }],
    ] as [string, Fields][]) {
      const answer = await send(kay, email, more)
      expect([field, answer.status, answer.html.includes(`id="${field}-error"`)]).toEqual([field, 422, true])
    }
    expect(await rowsOf(email)).toEqual([])
    // Who may invite and not look at invitations is told on a page of their own.
    const sent = await send(kay, email, { permission: ['claims.view'] })
    expect(sent.location).toMatch(/\/invitations\/new\/sent\/[\w-]{16}$/)
    expect((await kay.get(sent.location ?? '')).text).toContain(email)
    // Others who may act on it read it there too, and Gus, whose group it isn't, nothing.
    expect((await world.ana.get(sent.location ?? '')).status).toBe(200)
    expect((await world.gus.get(sent.location ?? '')).status).toBe(404)
  })
  test('Gus invites into his own group as Member, sees that, and has no other field', async () => {
    const email = someAddress()
    const page = await world.gus.get('invitations/new')
    expect(page.text).toContain('to your own group, Intake , as Member')
    expect(page.html).not.toMatch(/name="(role|group|permission)"/)
    expect((await send(world.gus, email)).status).toBe(400)
    expect((await world.gus.post('invitations/new', own(fields(email)))).status).toBe(303)
    expect(await memberOf(email)).toMatchObject([{ organization_role: 'member', group_id: world.intake, role_ids: [] }])
  })
  test('what is another organization’s isn’t there, and forged fields are no form of ours', async () => {
    const { db, elsewhere } = world
    const email = someAddress()
    const group = await makeGroup(db, elsewhere.id, 'Theirs')
    const role = await makeCustomRole(db, elsewhere.id, 'Theirs')
    const region = await makeRegion(db, elsewhere.id, 'Theirs', ['Area'])
    for (const more of [
      { group: shortId(group) },
      { custom_role: [shortId(role)] },
      { region: shortId(region.id) },
      { area: shortId(region.areas[0] ?? '') },
      { group: 'x' },
    ] as Fields[])
      expect([more, (await send(world.ana, email, more)).status]).toEqual([more, 422])
    for (const name of ['status', 'organization_id', 'account_id', 'approval', 'generation', 'id'])
      expect([name, (await send(world.ana, email, { [name]: 'x' })).status]).toEqual([name, 400])
    expect((await send(world.ana, email, { email: [email, email] })).status).toBe(400)
    expect(await rowsOf(email)).toEqual([])
  })
  test('a role that goes between the form and the press is said beside it', async () => {
    const email = someAddress()
    const role = await makeCustomRole(world.db, world.here.id, `Short-lived ${newId()}`)
    await world.db.deleteFrom('custom_role').where('id', '=', role).execute()
    const answer = await send(world.ana, email, { custom_role: [shortId(role)] })
    expect([answer.status, answer.html.includes('id="custom_role-error"')]).toEqual([422, true])
    expect(answer.html).toContain(`value="${email}"`)
  })
})

describe('bad input', () => {
  test.each([
    'nope',
    'a@b, c@d',
    'a@b;c@d',
    'Ana <a@example.org>',
    'a@example.org\r\nBcc: b@example.org',
    'a\u200b@example.org',
    'a@exam ple.org',
    '@example.org',
    `${'x'.repeat(255)}@example.org`,
  ])('the address %j comes back in the same form, as a page or as a swap', async (email) => {
    for (const who of [world.ana, world.ana.swap]) {
      const answer = await send(who, email)
      expect([answer.status, answer.html.includes('id="email-error"')]).toEqual([422, true])
      expect(answer.html).toContain('value="Nimali"')
    }
  })
  test('line breaks in names and control characters anywhere', async () => {
    for (const more of [
      { first_name: 'A\r\nBcc: x@example.org' },
      { last_name: 'A\u0000' },
      { message: 'A\u0007' },
      { message: 'x'.repeat(501) },
      { days: '0' },
      { days: '61' },
      { days: '1.5' },
      { days: '' },
      { days: '-1' },
      { key: 'x' },
    ] as Fields[]) {
      const answer = await send(world.ana, someAddress(), more)
      expect([more, answer.status]).toEqual([more, 422])
    }
  })
  test('names as people have them are kept, and are text', async () => {
    const email = someAddress()
    const naughty = `<script>alert(1)</script>' -- عائشة 𝒳 ﷽`
    await send(world.ana, email, { first_name: naughty, message: `${naughty}\n{{7*7}}` })
    expect(await rowsOf(email)).toMatchObject([{ first_name: naughty, message: `${naughty}\n{{7*7}}` }])
    expect((await world.ana.get('members?q=alert')).html).not.toContain('<script>alert')
    expect(world.log).toEqual([])
  })
})

describe('domains', () => {
  test('only those that the organization allows, exactly', async () => {
    const of = await organization()
    await allowOnly(of, 'harbor.example', 'xn--bcher-kva.example')
    const ask = (email: string) =>
      of.ana.post('invitations/new', fields(email, { group: shortId(of.here.defaultGroup) }))
    for (const email of ['a@sub.harbor.example', 'a@harbor.example.org', 'a@example.org']) {
      const answer = await ask(email)
      expect([answer.status, answer.text.includes('Only addresses of harbor.example')]).toEqual([422, true])
    }
    for (const email of ['a@HARBOR.example', 'b@bücher.example'])
      expect([email, (await ask(email)).status]).toEqual([email, 303])
  })
  test('that look like another one want a second look', async () => {
    const email = `nimali.${newId()}@gmial.com`
    const answer = await send(world.ana, email)
    expect([answer.status, answer.text.includes('gmial.com looks like gmail.com')]).toEqual([422, true])
    expect(answer.html).toContain('name="anyway"')
    expect((await send(world.ana, email, { anyway: 'on' })).status).toBe(303)
    // One letter away from where most members are.
    expect((await send(world.ana, `x.${newId()}@exarnple.org`)).status).toBe(422)
    expect((await world.ana.get('invitations/new')).html).not.toContain('name="anyway"')
  })
})

describe('somebody in two organizations', () => {
  test('chooses the other one: its form opens with what was typed, and nothing was sent', async () => {
    const of = await organization()
    await addPerson(of.db, of.elsewhere, of.clock.now, {
      first: 'Ana',
      role: 'admin',
      accountId: of.ana.person.accountId ?? '',
    })
    const third = await organization()
    const email = someAddress()
    const page = await of.ana.get('invitations/new')
    expect(page.html).toMatch(/<select id="organization"/)
    expect(page.html).not.toContain(third.here.slug)
    const typed = fields(email, {
      ...hiddenIn(page.html),
      organization: of.elsewhere.slug,
      group: shortId(of.intake),
      days: '9',
    })
    const first = await of.ana.post('invitations/new', typed)
    expect([first.status, first.location]).toEqual([307, `/o/${of.elsewhere.slug}/invitations/new`])
    const there = await of.ana.post(first.location ?? '', typed)
    expect(there.status).toBe(200)
    expect(there.text).toContain('You are inviting to North Sea Adjusters now')
    for (const value of [email, 'Nimali', '9']) expect(there.html).toContain(`value="${value}"`)
    expect(there.html).toMatch(
      new RegExp(
        `value="${shortId(of.elsewhere.defaultGroup)}" selected|name="group" value="${shortId(of.elsewhere.defaultGroup)}"`,
      ),
    )
    expect(await of.db.selectFrom('invitation').select('id').where('email_key', '=', email).execute()).toEqual([])
    const sent = await of.ana.post(first.location ?? '', {
      ...typed,
      ...hiddenIn(there.html),
      organization: of.elsewhere.slug,
      group: shortId(of.elsewhere.defaultGroup),
    })
    expect(sent.status).toBe(303)
    const rows = await of.db.selectFrom('invitation').select('organization_id').where('email_key', '=', email).execute()
    expect(rows).toEqual([{ organization_id: of.elsewhere.id }])
  })
  test('who isn’t in the other one is led nowhere', async () => {
    const answer = await send(world.ana, someAddress(), { organization: world.elsewhere.slug, here: world.here.slug })
    expect(answer.location ?? '').not.toContain(world.elsewhere.slug)
  })
})

test('the form is two exchanges with the database, and three to send it', async () => {
  const sent: string[] = []
  const database = connectTo(inject('shared'), { onQuery: (text) => sent.push(text) })
  const of = await organization({ database })
  await of.ana.get('invitations/new')
  for (const rule of ['never', 'always']) {
    await of.db.updateTable('organization').set({ invitation_approval: rule }).where('id', '=', of.here.id).execute()
    sent.length = 0
    await of.ana.get('invitations/new')
    expect(sent).toHaveLength(2)
    sent.length = 0
    const form = fields(someAddress(), { group: shortId(of.here.defaultGroup) })
    expect((await of.ana.post('invitations/new', form)).status).toBe(303)
    expect(sent, sent.join('\n')).toHaveLength(3)
  }
  await database.close()
})

test('a statement that fails leaves nothing behind', async () => {
  const email = someAddress()
  await sql`select 1`.execute(world.db)
  const role = await makeCustomRole(world.db, world.here.id, `Gone ${newId()}`)
  const both = await Promise.all([
    send(world.ana, email, { custom_role: [shortId(role)] }),
    world.db.deleteFrom('custom_role').where('id', '=', role).execute(),
  ])
  const made = (await rowsOf(email)).length
  expect([both[0].status, made]).toEqual(made === 1 ? [303, 1] : [422, 0])
  expect([(await memberOf(email)).length, (await letters(email)).length]).toEqual([made, made])
})
