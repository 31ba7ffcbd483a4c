import { afterAll, expect, test } from 'vitest'
import { makeResetLink } from '../../src/passwords/commands.ts'
import type { Connected } from '../../src/platform/database/connect.ts'
import { setUpLink } from '../../src/set-up/token.ts'
import { operatorCause } from '../../src/tasks/command.ts'
import { atTheDoor, password as ofDoor } from '../sign-in/door.ts'
import { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { Lynx } from '../support/lynx.ts'
import { addPerson, minutes, organization, startApp } from '../support/world.ts'
import { codesIn, phone, secretOf } from '../two-factor/phone.ts'

/*
 * Every journey in lynx, which says nothing of where a form stands when its page has a query in its address: R-24 lets no such
 * form pass. That no other page has such a form is in links.test.ts.
 */

const opened: Connected[] = []
afterAll(async () => {
  for (const database of opened) await database.close()
})

const password = 'an umbrella for the goat'
const another = 'seven swans in the rain'

test('in lynx: set up, sign out, sign in on the way to a list, filter it, look at somebody, act on them, sign out', async () => {
  const database = await freshDatabase()
  opened.push(database)
  const { app, services, db, clock } = startApp(database)
  const browser = new Browser(app)
  const lynx = new Lynx(browser)

  await lynx.open(setUpLink(services.config.publicUrl, services.key))
  expect([lynx.page.title, lynx.address]).toEqual(['Set up Rollcall – Rollcall', '/setup'])
  const fields = {
    organization: 'Harbor & Vale',
    first_name: 'Ada',
    last_name: 'Okonkwo',
    email: 'ada@harbor.example',
    password,
  }
  await lynx.press('Create organization', { ...fields, password_again: `${password}!` })
  expect(lynx.page.text).toContain('Enter the same password twice')
  await lynx.press('Create organization', { password, password_again: password })
  const list = '/o/harbor-vale/members'
  expect([lynx.page.status, lynx.address]).toEqual([200, list])
  await lynx.press('Sign out')
  expect([lynx.page.title, lynx.address]).toEqual(['Sign in – Rollcall', '/sign-in'])

  const { id } = await db.selectFrom('organization').select('id').executeTakeFirstOrThrow()
  const { id: defaultGroup } = await db.selectFrom('member_group').select('id').executeTakeFirstOrThrow()
  const here = { id, slug: 'harbor-vale', name: 'Harbor & Vale', defaultGroup }
  await addPerson(db, here, clock.now, { first: 'Bo', last: 'Fjord', role: 'viewer', suspended: true })
  await addPerson(db, here, clock.now, { first: 'Cy', last: 'Fjord' })

  await lynx.open(`${list}?q=fjord&sort=-first_name`)
  expect([lynx.page.title, lynx.address]).toEqual(['Sign in – Rollcall', '/sign-in'])
  await lynx.press('Sign in', { login: 'ada@harbor.example', password: another })
  expect(lynx.page.status).toBe(422)
  clock.pass(1000)
  await lynx.press('Sign in', { login: 'ada@harbor.example', password })
  expect(lynx.address).toBe(`${list}?q=fjord&sort=-first_name`)
  expect(lynx.page.text).toContain('2 people match')

  await lynx.press('Show people', { status: ['suspended'] })
  expect(lynx.address).toContain('status=suspended')
  expect(lynx.page.text).toContain('1 person matches')
  await lynx.follow('Bo')
  expect(lynx.page.title).toContain('Bo Fjord')
  expect(lynx.page.text).toContain('Skip to the details of Bo Fjord')
  expect(lynx.address).toContain('?')

  const person = lynx.address
  await lynx.follow('Reactivate')
  expect([lynx.page.status, lynx.address.includes('?')]).toEqual([200, false])
  await lynx.press('Reactivate')
  expect([lynx.page.status, lynx.address]).toEqual([200, person])
  await lynx.follow('Suspend')
  await lynx.press('Suspend')
  expect([lynx.page.status, lynx.address]).toEqual([200, person])

  const ended = async () => (await db.selectFrom('session').select('stage').execute()).length === 0
  await lynx.press('Sign out')
  expect([lynx.page.status, lynx.page.title, lynx.address]).toEqual([403, 'Sign out – Rollcall', '/sign-out'])
  expect(lynx.page.text).toContain('You are not signed out yet')
  expect(await ended()).toBe(false)
  await lynx.press('Sign out')
  expect([lynx.page.title, lynx.address]).toEqual(['Sign in – Rollcall', '/sign-in'])
  expect(await ended()).toBe(true)
  expect([...browser.cookies.keys()]).toEqual(['device'])
})

test('in lynx: a new password by a link that a mail service wrote behind, and the way in with it', async () => {
  const { app, add, services, clock } = await organization()
  const bo = await add({ first: 'Bo', role: 'viewer' })
  const token = await makeResetLink(services.db, operatorCause(clock.now), services.key, {
    accountId: bo.accountId ?? '',
    channel: 'copy',
  })
  const lynx = new Lynx(new Browser(app))
  await lynx.open(`/reset-password/${token}?utm_source=mail`)
  expect(lynx.address).not.toContain('?')
  await lynx.press('Save password', { password: another, password_again: another })
  expect(lynx.address).not.toContain('?')
  expect(lynx.page.text).toContain('Your password is saved. Sign in with it.')
  await lynx.press('Sign in', { login: bo.email, password: another })
  expect(lynx.page.title).toBe('Organization members – Rollcall')
})

test('in lynx: two-factor from start to end with a step-up on the way, and the way in with a code and with a backup code', async () => {
  const door = await atTheDoor()
  const lynx = new Lynx(door.browser())
  await lynx.open('/sign-in')
  const typed = { login: door.ana.email, password: ofDoor }
  await lynx.press('Sign in', typed)
  await lynx.follow('Security')
  door.clock.pass(minutes(11))
  await lynx.press('Turn on two-factor')
  expect(lynx.page.text).toContain('Confirm that it is you')
  await lynx.press('Confirm', { confirm_password: ofDoor })
  const hers = phone(secretOf(lynx.page.html), door.clock)
  await lynx.press('Confirm the code', { code: '000000' })
  expect(lynx.page.text).toContain('This code isn’t right')
  await lynx.press('Begin again with a new secret')
  expect(secretOf(lynx.page.html)).not.toBe(hers.secret)
  const again = phone(secretOf(lynx.page.html), door.clock)
  await lynx.press('Confirm the code', { code: again.code() })
  const codes = codesIn(lynx.page.html)
  await lynx.press('Turn on two-factor')
  expect(lynx.page.text).toContain('Tick that you have saved the codes')
  await lynx.press('Turn on two-factor', { saved: ['on'] })
  expect([lynx.address, lynx.page.text]).toEqual(['/profile/security', expect.stringContaining('10 of 10 are left')])
  door.clock.pass(minutes(1))
  for (const way of ['app', 'backup code']) {
    await lynx.press('Sign out')
    await lynx.press('Sign in', typed)
    expect(lynx.page.text).toContain('Enter your code')
    if (way === 'backup code') await lynx.follow('Use a backup code')
    await lynx.press('Sign in', { code: way === 'app' ? again.code() : (codes[0] ?? '') })
    expect(lynx.page.title).toBe('Organization members – Rollcall')
    await lynx.follow('Security')
  }
  expect(lynx.page.text).toContain('9 of 10 are left')
  await lynx.follow('Turn off two-factor')
  await lynx.press('Turn off two-factor')
  expect(lynx.page.text).toContain('Off. Whoever learns your password')
})

test('only signing out is offered again, and only to who said nothing of where it came from', async () => {
  const { ana, mia } = await organization()
  const send = (path: string, headers: Record<string, string>, body = '') =>
    ana.send('POST', path, { body, headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } })
  const again = await send('/sign-out', {})
  expect(again).toMatchObject({ status: 403, title: 'Sign out – Rollcall' })
  expect(again.headers.getSetCookie()).toEqual([])
  expect(again.html).toContain('<form method="post" action="/sign-out">')
  expect(again.html).not.toContain(ana.person.email)
  for (const [path, headers] of [
    ['/sign-out', { 'Sec-Fetch-Site': 'cross-site' }],
    ['/sign-out', { 'Sec-Fetch-Site': 'none' }],
    ['/sign-out', { Origin: 'null' }],
    ['/sign-out', { Origin: 'https://evil.example' }],
    ['/sign-out', { Referer: 'https://evil.example/' }],
    ['/sign-in', {}],
    ['/setup', {}],
    [`/o/x/members/${mia.person.id}`, {}],
  ] as [string, Record<string, string>][]) {
    const answer = await send(path, headers)
    expect(answer, `${path} ${JSON.stringify(headers)}`).toMatchObject({
      status: 403,
      title: 'This request was refused – Rollcall',
    })
    expect(answer.html).not.toContain('<form')
  }
  expect((await ana.get('members')).status).toBe(200)
})
