import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { connectTo } from '../support/database.ts'
import { days, hours, makeCustomRole, organization, signedIn } from '../support/world.ts'

type World = Awaited<ReturnType<typeof organization>>
let world: World
let bea: Awaited<ReturnType<World['enter']>>
beforeAll(async () => {
  world = await organization()
  bea = await world.enter({ first: 'Bea', last: 'Admin', role: 'admin' })
})
const setRule = (rule: string, of = world) =>
  of.db.updateTable('organization').set({ invitation_approval: rule }).where('id', '=', of.here.id).execute()
beforeEach(() => setRule('always'))

type Fields = Record<string, string | string[]>
/** Invites somebody; gives the invitation. */
async function invited(who: Browser, more: Fields = {}, of = world) {
  const email = `inv.${newId()}@example.org`
  const group = shortId(of.here.defaultGroup)
  const person = { key: newId(), email, first_name: 'Nimali', last_name: 'Wije', days: '7', message: '' }
  const own = who === world.gus ? person : { ...person, role: 'member', group }
  await who.post('invitations/new', { ...own, ...more })
  return rowOf(email, of)
}
const rowOf = (email: string, of = world) =>
  of.db
    .selectFrom('invitation')
    .selectAll()
    .where('organization_id', '=', of.here.id)
    .where('email_key', '=', email)
    .executeTakeFirstOrThrow()
const memberOf = (email: string, of = world) =>
  of.db
    .selectFrom('membership')
    .selectAll()
    .where('organization_id', '=', of.here.id)
    .where('email_key', '=', email)
    .executeTakeFirstOrThrow()
const lettersAbout = async (id: string, of = world) =>
  (
    await of.db
      .selectFrom('mail')
      .select(['template', 'to_address', 'invitation_id'])
      .where('organization_id', '=', of.here.id)
      .execute()
  )
    .filter(({ invitation_id }) => invitation_id === id)
    .map(({ template, to_address }) => [template, to_address])
    .sort()
const on = (one: { id: string }, act: string) => `invitations/${shortId(one.id)}/${act}`
async function decide(who: Browser, one: { id: string }, act: 'approve' | 'deny', more: Fields = {}) {
  const { version = '1' } = hiddenIn((await who.get(on(one, act))).html)
  return who.post(on(one, act), { version, ...(act === 'deny' && { reason: 'Not now' }), ...more })
}

test('Stella finds nothing, Vera, Mia and Gus may not decide, whatever they send', async () => {
  const one = await invited(world.ana)
  for (const [who, status] of [
    [world.stella, 404],
    [world.vera, 403],
    [world.mia, 403],
    [world.gus, 403],
    [world.stranger, 303],
  ] as const)
    for (const act of ['approve', 'deny']) {
      const path = `/o/${world.here.slug}/${on(one, act)}`
      expect([act, (await who.get(path)).status]).toEqual([act, status])
      expect([act, (await who.post(path, { version: '1' })).status]).toEqual([act, status])
    }
  const there = await world.stella.get(`/o/${world.elsewhere.slug}/${on(one, 'approve')}`)
  expect(there.status).toBe(404)
  expect((await world.ana.get(`invitations/${shortId(newId())}/approve`)).status).toBe(404)
  expect((await rowOf(one.email)).status).toBe('pending_approval')
})

describe('who has to be asked', () => {
  test.each([
    ['never', 'ana', 'not_needed'],
    ['unless_admin', 'ana', 'not_needed'],
    ['unless_admin', 'gus', 'waiting'],
    ['always', 'ana', 'waiting'],
    ['always', 'gus', 'waiting'],
  ] as const)('%s, when %s sends: %s', async (rule, who, approval) => {
    await setRule(rule)
    const one = await invited(world[who])
    const waits = approval === 'waiting'
    expect(one).toMatchObject({
      approval,
      status: waits ? 'pending_approval' : 'pending_activation',
      expires_at: waits ? null : new Date(world.clock.now.getTime() + days(7)),
      last_sent_at: waits ? null : world.clock.now,
    })
    expect(await memberOf(one.email)).toMatchObject({
      status: 'invited',
      invite: waits ? 'pending_approval' : 'pending_activation',
      invite_expires_at: one.expires_at,
    })
    const asked = who === 'ana' ? [bea] : [world.ana, bea]
    expect(await lettersAbout(one.id)).toEqual(
      waits ? asked.map(({ person }) => ['approval_asked', person.email]).sort() : [['invitation', one.email]],
    )
  })
  test('those who hold the permission by group, role or grant, are Active, and no more than fifty', async () => {
    const of = await organization()
    await setRule('always', of)
    const role = await makeCustomRole(of.db, of.here.id, 'Gatekeeper', ['invitations.approve'])
    const pat = await of.add({ first: 'Pat', permissions: ['invitations.approve'] })
    const rob = await of.add({ first: 'Rob', customRoles: [role] })
    await of.add({ first: 'Val', role: 'viewer', customRoles: [role] })
    await of.add({ first: 'Sue', suspended: true, role: 'admin' })
    const one = await invited(of.ana, {}, of)
    expect(await lettersAbout(one.id, of)).toEqual([pat, rob].map(({ email }) => ['approval_asked', email]).sort())
    for (let n = 0; n < 55; n++) await of.add({ first: `Adm${n}`, role: 'admin' })
    expect(await lettersAbout((await invited(of.ana, {}, of)).id, of)).toHaveLength(50)
  })
})

test('Bea approves: from now on it counts, the letter goes out, and Ana is told', async () => {
  const one = await invited(world.ana, { days: '3', message: 'Hello <b>there</b>' })
  world.clock.pass(hours(0.5))
  const page = await bea.get(on(one, 'approve'))
  expect(page.text).toContain('Nimali Wije')
  expect(page.text).toContain('Sent by Ana Admin')
  expect(page.html).toContain('Hello &lt;b&gt;there')
  const answer = await decide(bea, one, 'approve')
  expect([answer.status, answer.location]).toEqual([303, bea.url(`invitations/${shortId(one.id)}`)])
  const expires = new Date(world.clock.now.getTime() + days(3))
  expect(await rowOf(one.email)).toMatchObject({
    status: 'pending_activation',
    approval: 'approved',
    decided_by: bea.person.id,
    decided_at: world.clock.now,
    expires_at: expires,
    last_sent_at: world.clock.now,
    generation: 1,
  })
  expect(await memberOf(one.email)).toMatchObject({ invite: 'pending_activation', invite_expires_at: expires })
  expect(await lettersAbout(one.id)).toEqual([
    ['approval_asked', bea.person.email],
    ['invitation', one.email],
    ['invitation_approved', world.ana.person.email],
  ])
  const told = world.db.selectFrom('event').select(['act', 'changes', 'actor_id']).where('subject_id', '=', one.id)
  expect((await told.orderBy('at').execute())[1]).toEqual({
    act: 'invitation.approved',
    changes: { status: ['pending_approval', 'pending_activation'] },
    actor_id: bea.person.accountId,
  })
})

test('a link that was sent before it went back to waiting stays dead: the letter has a new generation', async () => {
  const one = await invited(world.ana)
  await world.db
    .updateTable('invitation')
    .set({ last_sent_at: world.clock.now, generation: 3 })
    .where('id', '=', one.id)
    .execute()
  await decide(bea, one, 'approve')
  expect((await rowOf(one.email)).generation).toBe(4)
})

test('who comes back to a decision that is made with the browser’s Back finds the way to the invitation', async () => {
  const one = await invited(world.ana)
  const link = `href="/o/${world.here.slug}/invitations/${shortId(one.id)}">Open the invitation</a>`
  // Its sender may not decide, before and after.
  expect((await world.ana.get(on(one, 'approve'))).html).toContain(link)
  await decide(bea, one, 'deny')
  const answers = { approve: 409, deny: 303, revoke: 403, resend: 403 }
  for (const [name, expected] of Object.entries(answers)) {
    const { status, html } = await bea.get(on(one, name))
    expect([name, status]).toEqual([name, expected])
    if (status !== 303) expect(html).toContain(link)
  }
  const ines = await world.enter({ first: 'Ines', permissions: ['members.invite'] })
  expect((await ines.get(on(one, 'resend'))).html).toContain(
    `href="/o/${world.here.slug}/invitations/new/sent/${shortId(one.id)}">Open the invitation`,
  )
})

test('among those removed they are told as who never joined, with the way to the invitation for who may see it', async () => {
  const [denied, revoked, declined] = [await invited(world.ana), await invited(world.ana), await invited(world.ana)]
  await decide(bea, denied, 'deny')
  await world.ana.post(on(revoked, 'revoke'), hiddenIn((await world.ana.get(on(revoked, 'revoke'))).html))
  // As declining leaves them: by nobody of the organization.
  await world.db
    .updateTable('membership')
    .set({ status: 'removed', removed_at: world.clock.now, invite: 'rejected', invite_expires_at: null })
    .where('id', '=', declined.membership_id)
    .execute()
  const vic = await world.enter({ first: 'Vic', permissions: ['members.view'] })
  for (const [outcome, one] of Object.entries({ denied, revoked, declined })) {
    const panel = `members/${shortId(one.membership_id)}`
    const { text, html } = await bea.get(`${panel}?status=removed`)
    expect(text).toContain(`They never joined: their invitation was ${outcome}. Open the invitation`)
    expect(text).toContain(`Invitation ${outcome} Nov 22, 2026`)
    expect(text).toContain('Nothing of this was ever theirs')
    expect(text).not.toContain('before they were removed')
    expect(html).toContain(`href="/o/${world.here.slug}/${panel}/invitation?status=removed"`)
    expect((await bea.get(`${panel}/invitation`)).location).toBe(
      on(one, '').replace(/^(.*)\/$/, `/o/${world.here.slug}/$1`),
    )
    const seen = await vic.get(panel)
    expect(seen.text).toContain(`They never joined: their invitation was ${outcome}.`)
    expect(seen.html).not.toContain('/invitation"')
  }
})

test('Bea denies with a reason: nobody is written to but Ana, and the row leaves the table', async () => {
  const one = await invited(world.ana)
  for (const reason of ['', '  \r\n ', 'x'.repeat(501)]) {
    const wrong = await decide(bea, one, 'deny', { reason })
    expect([reason.length, wrong.status, wrong.html.includes('id="reason-error"')]).toEqual([reason.length, 422, true])
  }
  const answer = await decide(bea, one, 'deny', { reason: 'Not\r\nnow' })
  expect(answer.status).toBe(303)
  expect(await rowOf(one.email)).toMatchObject({
    status: 'rejected',
    approval: 'denied',
    reason: 'Not\nnow',
    expires_at: null,
    decided_by: bea.person.id,
  })
  expect(await memberOf(one.email)).toMatchObject({
    status: 'removed',
    removed_at: world.clock.now,
    invite: 'rejected',
  })
  expect(await lettersAbout(one.id)).toEqual([
    ['approval_asked', bea.person.email],
    ['invitation_denied', world.ana.person.email],
  ])
  const events = await world.db
    .selectFrom('event')
    .select(['act', 'changes'])
    .where('subject_id', '=', one.id)
    .execute()
  expect(JSON.stringify(events)).not.toContain('Not')
  expect((await bea.get(`members?q=${one.email}`)).text).not.toContain('Nimali')
  // Somebody may ask again.
  const again = await world.ana.post('invitations/new', {
    key: newId(),
    email: one.email,
    first_name: '',
    last_name: '',
    role: 'member',
    group: shortId(world.here.defaultGroup),
    days: '7',
    message: '',
  })
  expect(again.status).toBe(303)
})

describe('approver and sender differ (R-19)', () => {
  test('Ana sent it herself and there is Bea: she can’t decide', async () => {
    const one = await invited(world.ana)
    for (const act of ['approve', 'deny'] as const) {
      const answer = await world.ana.get(on(one, act))
      expect([answer.status, answer.text.includes('Who sends an invitation doesn’t approve it')]).toEqual([403, true])
      expect(
        (await world.ana.post(on(one, act), { version: '1', ...(act === 'deny' && { reason: 'x' }) })).status,
      ).toBe(403)
    }
    expect((await rowOf(one.email)).status).toBe('pending_approval')
  })
  test('the only Admin decides about her own, until there is another one', async () => {
    const of = await organization()
    await setRule('always', of)
    const one = await invited(of.ana, {}, of)
    const two = await invited(of.ana, {}, of)
    expect(await lettersAbout(one.id, of)).toEqual([])
    expect((await decide(of.ana, one, 'approve')).status).toBe(303)
    expect(await lettersAbout(one.id, of)).toEqual([['invitation', one.email]])
    await of.add({ first: 'Cy', role: 'admin' })
    expect((await decide(of.ana, two, 'approve')).status).toBe(403)
  })
  test('a sender who holds the permission, and isn’t the only Admin but no Admin at all, doesn’t', async () => {
    const of = await organization()
    await setRule('always', of)
    const kay = await of.enter({ first: 'Kay', permissions: ['members.invite', 'invitations.approve'] })
    const one = await invited(kay, {}, of)
    expect((await decide(kay, one, 'approve')).status).toBe(403)
    expect((await decide(of.ana, one, 'approve')).status).toBe(303)
  })
})

describe('nobody approves what they couldn’t give (R-20)', () => {
  test('Kay may approve, and not give claims.all', async () => {
    const kay = await world.enter({ first: 'Kay', permissions: ['invitations.approve', 'invitations.view'] })
    const role = await makeCustomRole(world.db, world.here.id, `Above ${newId()}`, ['claims.all'])
    const ana = await signedIn(world, world.ana.person, world.here)
    for (const more of [
      { role: 'admin' },
      { permission: ['claims.all'] },
      { custom_role: [shortId(role)] },
    ] as Fields[]) {
      const one = await invited(ana, more)
      const answer = await decide(kay, one, 'approve')
      expect([more, answer.status, (await rowOf(one.email)).status]).toEqual([more, 403, 'pending_approval'])
      // Who can't give it can still deny it.
      expect((await decide(kay, one, 'deny')).status).toBe(303)
    }
    const plain = await invited(world.ana)
    expect((await decide(kay, plain, 'approve')).status).toBe(303)
  })
  test('a role that gained a permission after it was offered counts as it is now', async () => {
    const kay = await world.enter({ first: 'Kay', permissions: ['invitations.approve'] })
    const role = await makeCustomRole(world.db, world.here.id, `Grows ${newId()}`)
    const one = await invited(world.ana, { custom_role: [shortId(role)] })
    expect((await kay.get(on(one, 'approve'))).status).toBe(200)
    await world.db
      .insertInto('custom_role_permission')
      .values({ organization_id: world.here.id, role_id: role, permission: 'data.export' })
      .execute()
    expect((await kay.post(on(one, 'approve'), { version: '1' })).status).toBe(403)
    await world.db.deleteFrom('custom_role').where('id', '=', role).execute()
    // Deleted, it is left out of what is offered, and there is nothing that Bea doesn't hold.
    expect((await bea.post(on(one, 'approve'), { version: '1' })).status).toBe(303)
  })
})

describe('two who decide', () => {
  test('at the same moment: one does, the other is told who; twenty rounds', async () => {
    const cy = await world.enter({ first: 'Cy', last: 'Admin', role: 'admin' })
    for (let round = 0; round < 20; round++) {
      const one = await invited(world.ana)
      const answers = await Promise.all([
        bea.post(on(one, 'approve'), { version: '1' }),
        cy.post(on(one, 'deny'), { version: '1', reason: 'No' }),
      ])
      expect(answers.map(({ status }) => status).sort()).toEqual([303, 409])
      const row = await rowOf(one.email)
      const first = answers[0]?.status === 303
      expect([row.status, row.decided_by]).toEqual(
        first ? ['pending_activation', bea.person.id] : ['rejected', cy.person.id],
      )
      expect(answers[first ? 1 : 0]?.text).toContain(
        first ? 'Bea Admin approved it already' : 'Cy Admin denied it already',
      )
      const sent = (await lettersAbout(one.id))
        .map(([template]) => template)
        .filter((name) => name !== 'approval_asked')
      expect(sent).toEqual(first ? ['invitation', 'invitation_approved'] : ['invitation_denied'])
    }
  })
  test('a double press is harmless, twenty at once too', async () => {
    const one = await invited(world.ana)
    const all = await Promise.all(Array.from({ length: 20 }, () => bea.post(on(one, 'approve'), { version: '1' })))
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([303]))
    expect((await lettersAbout(one.id)).filter(([template]) => template === 'invitation')).toHaveLength(1)
    expect((await bea.get(on(one, 'approve'))).status).toBe(303)
    expect((await bea.get(on(one, 'deny'))).status).toBe(409)
  })
  test('an old version is looked at again, and one that never waited can’t be decided', async () => {
    const one = await invited(world.ana)
    expect((await bea.post(on(one, 'approve'), { version: '7' })).status).toBe(409)
    expect((await bea.post(on(one, 'approve'), { version: 'x' })).status).toBe(422)
    expect((await bea.post(on(one, 'approve'), { version: '1', status: 'active' })).status).toBe(400)
    await setRule('never')
    const sent = await invited(world.ana)
    expect((await bea.get(on(sent, 'approve'))).status).toBe(403)
    expect((await bea.post(on(sent, 'deny'), { version: '1', reason: 'x' })).status).toBe(403)
    expect((await rowOf(sent.email)).status).toBe('pending_activation')
  })
})

test('an approval is three exchanges with the database, its page two', async () => {
  const sent: string[] = []
  const database = connectTo(inject('shared'), { onQuery: (text) => sent.push(text) })
  const of = await organization({ database })
  await setRule('always', of)
  const cy = await signedIn(of, await of.add({ first: 'Cy', role: 'admin' }), of.here)
  for (const act of ['approve', 'deny'] as const) {
    const one = await invited(of.ana, {}, of)
    await cy.get('groups')
    sent.length = 0
    expect((await cy.get(on(one, act))).status).toBe(200)
    expect(sent).toHaveLength(2)
    sent.length = 0
    expect((await cy.post(on(one, act), { version: '1', ...(act === 'deny' && { reason: 'x' }) })).status).toBe(303)
    expect(sent).toHaveLength(3)
  }
  await database.close()
})
