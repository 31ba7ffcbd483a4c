import { beforeAll, describe, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { act } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { Lynx } from '../support/lynx.ts'
import { addPerson, hours, minutes, organization, signedIn } from '../support/world.ts'
import { enroll } from '../two-factor/phone.ts'
import { elsewhere, invite, named, opening, password, signIn, type World } from './invited.ts'

let world: World
beforeAll(async () => {
  world = await organization()
})

test('whoever has an account signs in with it, confirms, and is a member here too', async () => {
  const else_ = await elsewhere(world)
  const inv = await invite(world, { email: else_.email })
  const { browser, page } = await opening(world, inv.link())
  expect(page.text).toContain(`There is an account with ${else_.email}`)
  expect(page.html).not.toContain('name="password"')
  // No form of somebody new is taken.
  expect(await browser.post('/join', { ...named, password, password_again: password })).toMatchObject({
    status: 303,
    location: '/join',
  })
  expect((await inv.now()).status).toBe('pending_activation')

  const door = await browser.get('/sign-in?next=/join')
  expect((await browser.get(door.location ?? '')).html).toContain('name="next" value="/join"')
  expect((await signIn(browser, else_.email)).location).toBe('/join')
  const confirm = await browser.get('/join')
  expect(confirm.text).toContain('Accept and join')
  expect(confirm.html).not.toContain('name="password"')
  const done = await browser.post('/join', named)
  expect(done).toMatchObject({ status: 303, location: `/o/${world.here.slug}` })
  expect((await browser.get(`/o/${world.here.slug}/members/me`)).status).toBe(200)
  expect((await browser.get(`/o/${world.elsewhere.slug}/members/me`)).status).toBe(200)
  expect(await inv.person()).toMatchObject({ account_id: else_.accountId, status: 'active', first_name: 'Nora' })
  expect(await inv.events()).toEqual(['invitation.opened', 'invitation.accepted', 'membership.added'])
})

describe('the address', () => {
  test('is shown to be theirs by a mailed link, and by no copied one', async () => {
    for (const [channel, verified, status] of [
      ['mail', false, 303],
      ['copy', true, 303],
      ['copy', false, 200],
    ] as const) {
      const else_ = await elsewhere(world, { verified })
      const inv = await invite(world, { email: else_.email, copier: world.ana.person.id })
      const browser = await signedIn(world, else_, world.elsewhere)
      const { page } = await opening(world, inv.link(channel), browser)
      if (status === 200) expect(page.text).toContain('a link that was passed on doesn’t show it')
      const answer = await browser.post('/join', named)
      expect([channel, verified, answer.location]).toEqual([
        channel,
        verified,
        status === 303 ? `/o/${world.here.slug}` : '/join',
      ])
      expect((await inv.now()).status).toBe(status === 303 ? 'active' : 'pending_activation')
      if (channel === 'mail') expect((await inv.account())?.email_verified_at).toEqual(world.clock.now)
    }
  })
})

describe('whoever signed in long ago shows that it is they before their account is in another organization (R-15)', () => {
  /** Somebody signed in, ten minutes ago or so, on the page of an invitation. */
  const waiting = async (ago = minutes(10), withApp = false) => {
    const own = await organization()
    const else_ = await elsewhere(own)
    const browser = await signedIn(own, else_, own.elsewhere)
    const app = withApp ? (await enroll(browser, own.clock)).phone : null
    own.clock.pass(ago)
    const inv = await invite(own, { email: else_.email })
    await opening(own, inv.link(), browser)
    const fields = { ...named, last_name: 'van der “Neu”', token: inv.tokenOf() }
    return { ...own, own, browser, inv, fields, hers: app, accountId: else_.accountId }
  }

  test('not within ten minutes', async () => {
    const { browser, inv, fields } = await waiting(minutes(10) - 1)
    expect(await browser.post('/join', fields)).toMatchObject({ status: 303 })
    expect((await inv.now()).status).toBe('active')
  })

  test.each(['page', 'swap'])('with what they typed kept and done with the answer, as a %s', async (kind) => {
    const { browser, inv, fields, here, accountId } = await waiting()
    const send = (more = {}) => (kind === 'swap' ? browser.swap : browser).post('/join', { ...fields, ...more })
    const nothing = async () => {
      expect((await inv.now()).status).toBe('pending_activation')
      expect((await inv.person()).account_id).toBeNull()
    }
    const asked = await send()
    expect(asked.status).toBe(kind === 'swap' ? 200 : 403)
    expect(asked.headers.get('hx-retarget')).toBe(kind === 'swap' ? '#main' : null)
    expect(asked.text).toContain('Confirm that it is you What you typed is kept, and is done with your answer.')
    expect(asked.html).toContain('action="/join"')
    for (const [name, value] of Object.entries(fields))
      expect(asked.html).toContain(`<input type="hidden" name="${name}" value="${value}">`)
    await nothing()
    const wrong = await send({ confirm_password: 'not theirs at all' })
    expect(wrong.status).toBe(kind === 'swap' ? 200 : 422)
    expect(wrong.text).toContain('This isn’t your password')
    expect(wrong.html).toContain('<input type="hidden" name="last_name" value="van der “Neu”">')
    await nothing()
    const old = browser.cookies.get('session')
    expect(await send({ confirm_password: password })).toMatchObject({ status: 303, location: `/o/${here.slug}` })
    expect(browser.cookies.get('session')).not.toBe(old)
    expect(await inv.person()).toMatchObject({ account_id: accountId, last_name: 'van der “Neu”' })
    expect((await browser.get(`/o/${here.slug}/members/me`)).status).toBe(200)
  })

  test('by a code of their app too', async () => {
    const { browser, inv, fields, hers } = await waiting(minutes(10), true)
    expect((await browser.post('/join', fields)).html).toContain('name="confirm_code"')
    expect((await browser.post('/join', { ...fields, confirm_code: '000000' })).status).toBe(422)
    expect((await inv.now()).status).toBe('pending_activation')
    expect((await browser.post('/join', { ...fields, confirm_code: hers?.code() ?? '' })).status).toBe(303)
    expect((await inv.now()).status).toBe('active')
  })

  test('in lynx, on the sheet of the door', async () => {
    const { browser, inv } = await waiting()
    const lynx = new Lynx(browser)
    await lynx.open('/join')
    await lynx.press('Accept and join', named)
    expect(lynx.page.html).toContain('<body class="door">')
    expect(lynx.page.html).not.toContain('class="page"')
    await lynx.press('Confirm', { confirm_password: password })
    expect((await inv.now()).status).toBe('active')
  })

  test('and signing in on the way is showing it', async () => {
    const { own, inv, clock } = await waiting()
    const { browser } = await opening(own, inv.link())
    await signIn(browser, inv.email)
    clock.pass(minutes(10) - 1)
    expect((await browser.post('/join', named)).status).toBe(303)
    expect((await inv.now()).status).toBe('active')
  })
})

test('whoever is signed in as somebody else is told so, and switches without losing the invitation', async () => {
  const else_ = await elsewhere(world)
  const inv = await invite(world, { email: else_.email })
  const mia = await world.enter({ first: 'Mia' })
  const lynx = new Lynx(mia)
  await lynx.open(inv.link())
  expect(lynx.page.text).toContain(`You are signed in as ${mia.person.email}`)
  expect(lynx.page.text).not.toContain('Accept and join')
  expect(await mia.post('/join', named)).toMatchObject({ status: 303, location: '/join' })
  expect((await inv.now()).status).toBe('pending_activation')

  await lynx.press('Sign out and go on')
  expect(lynx.address).toBe('/join')
  expect(lynx.page.text).toContain(`There is an account with ${else_.email}`)
  await lynx.follow('Sign in')
  await lynx.press('Sign in', { login: else_.email, password })
  expect(lynx.address).toBe('/join')
  await lynx.press('Accept and join', named)
  expect((await inv.person()).account_id).toBe(else_.accountId)
})

test('also where nobody has an account with the address yet', async () => {
  const inv = await invite(world)
  const mia = await world.enter({ first: 'Mia' })
  const { page } = await opening(world, inv.link(), mia)
  expect(page.text).toContain('You are signed in as')
  await mia.post('/join/switch', {})
  expect((await mia.get('/join')).html).toContain('name="password"')
})

test('signing out takes the invitation out of the browser too', async () => {
  const inv = await invite(world)
  const { browser } = await opening(world, inv.link(), await world.enter({ first: 'Mia' }))
  await browser.post('/sign-out')
  expect((await browser.get('/join')).status).toBe(410)
})

test.each([
  ['link, first password, change of email', false, null],
  ['but for the change of email that is their own', true, 'door@example.org'],
])('with a second organization what the first gave ends: %s', async (_, own, left) => {
  const else_ = await elsewhere(world)
  const inv = await invite(world, { email: else_.email })
  const later = new Date(world.clock.now.getTime() + hours(1))
  await world.db
    .updateTable('account')
    .set({
      reset_generation: 4,
      reset_expires_at: later,
      new_email: 'door@example.org',
      new_email_key: 'door@example.org',
      new_email_by: own ? null : world.elsewhere.id,
      new_email_own: own,
      new_email_expires_at: later,
    })
    .where('id', '=', else_.accountId ?? '')
    .execute()
  const { browser } = await opening(world, inv.link(), await signedIn(world, else_, world.elsewhere))
  expect((await browser.post('/join', named)).status).toBe(303)
  expect(await inv.account()).toMatchObject({ reset_generation: 5, reset_expires_at: null, new_email: left })
})

test('a first password that somebody else knows accepts nothing', async () => {
  const else_ = await elsewhere(world)
  const inv = await invite(world, { email: else_.email })
  const { browser } = await opening(world, inv.link(), await signedIn(world, else_, world.elsewhere))
  await world.db
    .updateTable('account')
    .set({ must_change_password: true })
    .where('id', '=', else_.accountId ?? '')
    .execute()
  expect((await browser.post('/join', named)).status).toBe(503)
  expect((await inv.now()).status).toBe('pending_activation')
})

test('somebody removed comes back with fresh access; what they held before stays behind, also for Take back', async () => {
  const was = await addPerson(world.db, world.here, world.clock.now, { first: 'Rex', role: 'admin', removed: true })
  const inv = await invite(world, { email: was.email })
  const { browser } = await opening(world, inv.link(), await signedIn(world, was, world.here))
  expect((await browser.post('/join', { first_name: 'Rex', last_name: 'Back' })).status).toBe(303)
  expect(await inv.person()).toMatchObject({ account_id: was.accountId, organization_role: 'member', status: 'active' })
  const back = await world.ana.get(`members/${was.id}/take-back`)
  expect(back.text).toContain('They are a member here again, by another invitation')
  await world.ana.post(`members/${was.id}/take-back`, { version: '1' })
  const rows = await world.db
    .selectFrom('membership')
    .select('id')
    .where('account_id', '=', was.accountId)
    .where('removed_at', 'is', null)
    .execute()
  expect(rows).toEqual([{ id: inv.membership }])
})

test('the place that old events name leads to where somebody removed is now, invited again and then back', async () => {
  const { ana, gus, here, db, clock } = world
  const was = await addPerson(db, here, clock.now, { first: 'Rita', group: world.intake })
  const old = `members/${shortId(was.id)}`
  expect((await act(ana, was, 'remove', { reason: '' })).status).toBe(303)
  expect((await ana.get(old)).html).toContain('>Take back<')
  const inv = await invite(world, { email: was.email })
  const now = `/o/${here.slug}/members/${shortId(inv.membership)}`
  const invited = await ana.get(old)
  expect(invited.text).toContain('They have been invited here again.')
  expect([invited.html.includes(`href="${now}"`), invited.html.includes('>Take back<')]).toEqual([true, false])
  expect((await ana.get(`${old}/take-back`)).text).toContain('Revoke that invitation first')
  const { browser } = await opening(world, inv.link(), await signedIn(world, was, here))
  expect((await browser.post('/join', { first_name: 'Rita', last_name: 'Back' })).status).toBe(303)
  const back = await ana.get(old)
  expect(back.text).toContain('They are a member here again.')
  expect([back.html.includes(`href="${now}"`), back.html.includes('>Take back<')]).toEqual([true, false])
  expect((await ana.get(now)).text).toContain('Rita Back')
  // Gus sees who was in his group, and nothing of where she is now.
  expect((await gus.get(old)).text).not.toContain('here again')
  // One history, whichever place it is asked of.
  for (const id of [was.id, inv.membership]) {
    const { text } = await ana.get(`audit?person=${shortId(id)}`)
    expect(text.match(/Removed from organization|Joined|removed|accepted/gi)?.length).toBeGreaterThan(1)
  }
})

test('a row that a revoked invitation left leads to the next one to that address', async () => {
  const first = await invite(world, { email: 'nora@example.org' })
  await world.ana.post(`invitations/${shortId(first.id)}/revoke`, { version: '1' })
  expect((await world.ana.get(`members/${shortId(first.membership)}`)).text).not.toContain('again')
  const second = await invite(world, { email: 'nora@example.org' })
  expect((await world.ana.get(`members/${shortId(first.membership)}`)).html).toContain(
    `href="/o/${world.here.slug}/members/${shortId(second.membership)}"`,
  )
})

test('the log of the first organization doesn’t tell the second what was before', async () => {
  const else_ = await elsewhere(world)
  const inv = await invite(world, { email: else_.email })
  world.clock.pass(hours(1))
  const { browser } = await opening(world, inv.link(), new Browser(world.app))
  await signIn(browser, else_.email)
  await browser.post('/join', named)
  expect((await inv.person()).created_at).toEqual(world.clock.now)
})

test('what was offered can’t be changed beside the invitation: whoever would make less of it is told how', async () => {
  const { ana, ...fresh } = await organization()
  const inv = await invite({ ana, ...fresh }, { role: 'admin' })
  const path = `members/${shortId(inv.membership)}/access`
  for (const answer of [
    await ana.get(path),
    await ana.post(path, { version: '1', role: 'member', group: shortId(fresh.here.defaultGroup) }),
  ]) {
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('revoke it and invite them anew')
  }
  expect((await inv.person()).organization_role).toBe('admin')
})
