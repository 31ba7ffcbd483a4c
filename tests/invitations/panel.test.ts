import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { EventName } from '../../src/platform/events/catalogue.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { days, hours, makeRegion, minutes, organization } from '../support/world.ts'
import { type Past, past } from './past.ts'

let world: Awaited<ReturnType<typeof organization>>
const smtp = { SMTP_URL: 'smtp://mail.example:25', MAIL_FROM: 'rollcall@mail.example' }

beforeAll(async () => {
  world = await organization({ env: smtp })
})
beforeEach(() => {
  world.clock.now = new Date('2026-11-22T12:00:00.000Z')
})

const invite = (details: Past = {}) =>
  past(world.db, world.here, world.clock.now, { sender: world.ana.person, ...details })
const happened = (id: string, act: EventName, minutesLater = 0, by: string | null = world.ana.person.accountId) =>
  world.db
    .insertInto('event')
    .values({
      id: newId(),
      organization_id: world.here.id,
      at: new Date(world.clock.now.getTime() + minutes(minutesLater)),
      actor_id: by,
      how: 'screen',
      act,
      subject: 'invitation',
      subject_id: id,
    })
    .execute()
type Sent = { state: string; kind?: string; answer?: string; generation?: number }
/** A letter with what the mail server said of it. */
async function letter(invitation_id: string, { state, kind, answer = '', generation = 1 }: Sent) {
  const { db, here, clock } = world
  const id = newId()
  await db
    .insertInto('mail')
    .values({
      id,
      organization_id: here.id,
      template: 'invitation',
      invitation_id,
      generation,
      to_address: 'nia@hvc.example',
      state,
      created_at: clock.now,
    })
    .execute()
  if (kind)
    await db
      .insertInto('mail_answer')
      .values({ id: newId(), organization_id: here.id, mail_id: id, at: clock.now, kind, answer })
      .execute()
}
const open = async (id: string, browser = world.ana) => browser.swap.get(`invitations/${shortId(id)}`)
const whereIs = async (id: string) => {
  const { text } = await open(id)
  return /Where is it\? (.*?) Invitation Email/.exec(text)?.[1]?.replace(/ ([.,])/g, '$1') ?? text
}

describe('Where is it?', () => {
  test('waiting for approval: since when, and who may say yes', async () => {
    const { id } = await invite({ status: 'pending_approval' })
    expect(await whereIs(id)).toContain('It has waited for approval since Nov 22, 12:00')
    expect(await whereIs(id)).toContain('nothing is sent before')
  })
  test('queued, taken by the mail server with its answer, delayed, refused, bounced', async () => {
    const queued = await invite()
    await letter(queued.id, { state: 'waiting' })
    expect(await whereIs(queued.id)).toContain('has waited to be sent since Nov 22, 12:00')
    const taken = await invite()
    await letter(taken.id, { state: 'sent', kind: 'accepted', answer: '250 2.0.0 OK, queued as 4Xm7Qc' })
    expect(await whereIs(taken.id)).toMatch(
      /took the mail to hvc.example.*It said “250 2.0.0 OK.*not been opened.*junk/,
    )
    const delayed = await invite()
    await letter(delayed.id, { state: 'waiting', kind: 'delayed', answer: '451 4.7.1 Greylisted' })
    expect(await whereIs(delayed.id)).toMatch(/put the mail off.*“451 4.7.1 Greylisted”.*tried again by itself/)
    const refused = await invite()
    await letter(refused.id, { state: 'failed', kind: 'refused', answer: '550 5.1.1 No such user' })
    expect(await whereIs(refused.id)).toMatch(/was refused.*No such user.*Correct the address/)
    const bounced = await invite()
    await letter(bounced.id, { state: 'bounced', kind: 'bounced', answer: '552 5.2.2 Mailbox full' })
    expect(await whereIs(bounced.id)).toMatch(/came back.*Mailbox full/)
  })
  test('what was said of an older link’s mail isn’t said of the present one', async () => {
    const { id } = await invite()
    await letter(id, { state: 'failed', kind: 'refused', answer: '550 5.1.1 No such user', generation: 0 })
    expect(await whereIs(id)).not.toContain('refused')
  })
  test('opened, accepted, declined and why, denied by whom and why, revoked, expired', async () => {
    const opened = await invite({ opened: world.clock.now })
    expect(await whereIs(opened.id)).toContain('its link was opened on Nov 22, 12:00, and Nia has not accepted yet')
    expect(await whereIs((await invite({ status: 'active' })).id)).toContain('Nia accepted it')
    const declined = await invite({ status: 'rejected', reason: 'I took another job' })
    expect(await whereIs(declined.id)).toContain('declined it. The reason given: I took another job')
    const denied = await invite({
      status: 'rejected',
      approval: 'denied',
      reason: 'Not ours',
      decidedBy: world.vera.person.id,
      decidedAt: world.clock.now,
    })
    expect(await whereIs(denied.id)).toContain(
      'It was denied by Vera Viewer, so nothing was sent. The reason given: Not ours',
    )
    expect(await whereIs((await invite({ status: 'revoked' })).id)).toContain('It was revoked')
    const old = await invite({ at: new Date(world.clock.now.getTime() - days(8)) })
    expect(await whereIs(old.id)).toContain('not opened in time and has expired')
  })
  test('it expires at the very instant, with the list and the filter', async () => {
    const { id } = await invite({ first: 'Instant', expires: new Date(world.clock.now.getTime() + minutes(30)) })
    world.clock.pass(minutes(30) - 1)
    expect((await open(id)).text).toContain('Pending activation')
    world.clock.pass(1)
    expect((await open(id)).text).toContain('Invitation expired')
    expect((await world.ana.get('invitations?status=expired')).text).toContain('Instant')
    expect((await world.ana.get('invitations?status=pending_activation')).text).not.toContain('Instant')
  })
  test('without a mail server nothing pretends to have been sent', async () => {
    const bare = await organization()
    const { id } = await past(bare.db, bare.here, bare.clock.now, {})
    const { text } = await bare.ana.swap.get(`invitations/${shortId(id)}`)
    expect(text).toContain('Nothing was sent by mail, because no mail server is set up. Copy the link')
  })
})

test('it tells what is offered, by whom, until when, and the message', async () => {
  const region = await makeRegion(world.db, world.here.id, 'Nordics', ['Oslo'])
  const { id } = await invite({ first: 'Anaïs', role: 'viewer', group: world.intake, message: 'Welcome <b>aboard</b>' })
  await world.db
    .updateTable('invitation')
    .set({ offer: { group_id: world.intake, region_id: region.id, area_id: region.areas[0] ?? null } as never })
    .where('id', '=', id)
    .execute()
  const { text, html } = await open(id)
  for (const words of [
    'Invited on Nov 22, 2026, 12:00 UTC',
    'Expires Nov 29, 2026, 12:00 UTC',
    'Role, group Viewer, Intake',
    'Region, area Nordics, Oslo',
    'Sent by Ana Admin',
    'Approval Not needed',
    'Message Welcome <b>aboard</b>',
  ])
    expect(text).toContain(words)
  expect(html).not.toContain('<b>aboard')
})

test('the timeline is one story of the log, the mails and the clock, oldest first', async () => {
  const { id } = await invite({ status: 'pending_activation', reason: 'Covers for Björn.' })
  await happened(id, 'invitation.sent')
  await happened(id, 'invitation.approved', 5, world.vera.person.accountId)
  await letter(id, { state: 'sent', kind: 'accepted', answer: '250 OK' })
  await happened(id, 'invitation.opened', 60, null)
  await happened(id, 'invitation.resent', 90)
  await happened(id, 'invitation.link_copied', 91)
  world.clock.pass(days(8))
  const later = await world.enter({ first: 'Lea', role: 'admin' })
  const { text, html } = await open(id, later)
  expect(html.match(/<li class="st/g)).toHaveLength(8)
  expect(text.replace(/ ([.,:])/g, '$1')).toContain(
    'Created Nov 22, 12:00 by Ana Admin Mail queued Nov 22, 12:00 Accepted by the mail server Nov 22, 12:00 250 OK ' +
      'Approved Nov 22, 12:05 by Vera Viewer: Covers for Björn. Opened Nov 22, 13:00 Sent again Nov 22, 13:30 by Ana Admin. ' +
      'Older links stopped working Link copied Nov 22, 13:31 by Ana Admin Expired Nov 29, 12:00',
  )
})

test('an invitation from before the log tells who sent it and who decided', async () => {
  const { id } = await invite({
    status: 'pending_activation',
    approval: 'approved',
    decidedBy: world.vera.person.id,
    decidedAt: new Date(world.clock.now.getTime() + hours(1)),
  })
  const { text } = await open(id)
  expect(text).toContain('Created Nov 22, 12:00 by Ana Admin Approved Nov 22, 13:00 by Vera Viewer')
})

test('a long story is cut to its latest hundred', async () => {
  const { id } = await invite()
  for (let n = 0; n < 120; n++) await happened(id, 'invitation.link_copied', n)
  expect((await open(id)).html.match(/<li class="st/g)).toHaveLength(100)
})

const footOf = (html: string) =>
  [...(/<footer.*<\/footer>/s.exec(html)?.[0] ?? '').matchAll(/href="[^"?]*\/(\w+)(?:\?[^"]*)?"/g)].map(
    ([, act]) => act,
  )

describe('the foot', () => {
  test('offers what the state and the rights allow, and nothing else', async () => {
    const waits = await invite({ status: 'pending_approval', sender: world.gus.person })
    expect(footOf((await open(waits.id)).html)).toEqual(['approve', 'deny', 'revoke'])
    const sent = await invite()
    expect(footOf((await open(sent.id)).html)).toEqual(['resend', 'link', 'revoke'])
    expect(footOf((await open((await invite({ status: 'active' })).id)).html)).toEqual([])
    // What is over is sent to the same address anew.
    for (const status of ['rejected', 'revoked'])
      expect(footOf((await open((await invite({ status })).id)).html), status).toEqual(['new'])
    expect(footOf((await open(waits.id, world.vera)).html)).toEqual([])
  })
  test('the same as the menu of a row, which is the panel’s page without script', async () => {
    const { id } = await invite()
    const menu = await world.ana.swap.get(`invitations/${shortId(id)}/actions?status=active`)
    expect(menu.html).toMatch(/^<title>.*<ul class="items" id="acts" popover/s)
    expect(menu.html).toContain(`invitations/${shortId(id)}/resend?status=active"`)
    expect((await world.ana.get(`invitations/${shortId(id)}/actions`)).text).toContain('Where is it?')
  })
})

test('as a page it stands beside the history at its place, as a swap alone, and both are the same', async () => {
  const { id } = await invite()
  const page = await world.ana.get(`invitations/${shortId(id)}?status=pending_activation&sort=name`)
  const swap = await world.ana.swap.get(`invitations/${id}?status=pending_activation&sort=name`)
  expect(page.html).toContain('<table class="grid invites"')
  expect(page.title).toContain('Nia Newcomer – Invitation history')
  expect(swap.html).not.toContain('<table class="grid')
  const panel = /<section class="panel".*<\/section>/s.exec(swap.html)?.[0] ?? 'none'
  expect(page.html).toContain(panel)
  expect(panel).toContain('invitations?status=pending_activation&amp;sort=name"')
  expect(page.html).toMatch(/aria-current="true">Nia Newcomer/)
})

test('other ids are one and the same 404', async () => {
  const foreign = await past(world.db, world.elsewhere, world.clock.now, {})
  for (const id of [shortId(foreign.id), newId(), 'abc', shortId(world.ana.person.id)])
    for (const browser of [world.ana, world.ana.swap])
      expect((await browser.get(`invitations/${id}`)).status, id).toBe(404)
})

describe('somebody Invited among the members', () => {
  test('is their newest invitation: its panel in the place of theirs, its own address as a page', async () => {
    const at = new Date(world.clock.now.getTime() - days(30))
    const first = await invite({ first: 'Twice', status: 'revoked', at })
    const second = await invite({ first: 'Twice', member: first.member })
    const list = await world.ana.get('members?status=invited&q=twice')
    const link = `/o/${world.here.slug}/members/${shortId(first.member)}/invitation?q=twice&status=invited`
    expect(list.html).toContain(`href="${link.replaceAll('&', '&amp;')}"`)
    const swap = await world.ana.swap.get(link)
    expect(swap.text).toContain('Where is it?')
    expect(swap.html).toContain(`href="/o/${world.here.slug}/members?q=twice&amp;status=invited"`)
    expect(swap.html).toContain(`invitations/${shortId(second.id)}/resend"`)
    const own = `/o/${world.here.slug}/invitations/${shortId(second.id)}`
    expect((await world.ana.get(link)).location).toBe(own)
    const person = await world.ana.get(`members/${shortId(first.member)}`)
    expect(person.location).toBe(`/o/${world.here.slug}/members/${shortId(first.member)}/invitation`)
  })
  test('but not to whoever may not see invitations', async () => {
    const { member } = await invite({ first: 'Hidden' })
    const eve = await world.enter({ first: 'Eve', permissions: ['members.view'] })
    expect((await eve.get('members?q=hidden')).html).not.toContain('/invitation')
    expect((await eve.get('members')).text).not.toContain('pending)')
    expect((await eve.get(`members/${shortId(member)}`)).text).toContain('Roles and group')
    expect((await eve.get(`members/${shortId(member)}/invitation`)).status).toBe(403)
  })
  test('and a Group manager is never sent in a circle', async () => {
    const { member } = await invite({ first: 'Moved' })
    await world.db.updateTable('membership').set({ group_id: world.intake }).where('id', '=', member).execute()
    const person = await world.gus.get(`members/${shortId(member)}`)
    expect(person.status).toBe(200)
    expect((await world.gus.get(`members/${shortId(member)}/invitation`)).location).toContain('/members/')
  })
})
