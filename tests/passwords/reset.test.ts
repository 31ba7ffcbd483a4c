import { expect, test } from 'vitest'
import { makeResetLink } from '../../src/passwords/commands.ts'
import type { Channel } from '../../src/platform/links.ts'
import { OperatorError, operatorCause } from '../../src/tasks/command.ts'
import { command } from '../../src/tasks/reset-password.ts'
import { acts, atTheDoor, expectOut, password, tryDoor, wrong } from '../sign-in/door.ts'
import { minutes } from '../support/world.ts'

const chosen = 'seven herons over the weir'
const fields = { password: chosen, password_again: chosen }

async function forgetful() {
  const door = await atTheDoor()
  const bo = await door.add({ first: 'Bo' })
  const link = async (channel: Channel = 'copy', person = bo) => {
    const { services, clock } = door
    const token = await makeResetLink(services.db, operatorCause(clock.now), services.key, {
      accountId: person.accountId,
      channel,
    })
    return `/reset-password/${token}`
  }
  return { ...door, bo, link }
}

const operator = async ({ services, clock }: Awaited<ReturnType<typeof forgetful>>, ...words: string[]) => {
  const lines: string[] = []
  await command.run({
    ...services,
    now: clock.now,
    flags: {},
    words,
    stdin: async () => '',
    print: (line) => lines.push(line),
  })
  return lines
}

test('the operator prints a link for Bo, who chooses a new password and signs in with it', async () => {
  const door = await forgetful()
  const { bo, browser, account, events } = door
  const [line = '', ...others] = await operator(door, bo.email.toUpperCase())
  expect(others).toEqual([])
  expect(line).toMatch(/^http:\/\/localhost:3000\/reset-password\/[\w.-]+$/)
  expect((await tryDoor(browser(), bo.email)).status).toBe(303)

  const his = browser()
  const page = await his.get(new URL(line).pathname)
  expect(page).toMatchObject({ status: 200, title: 'Choose a new password – Rollcall' })
  expect(page.headers.get('referrer-policy')).toBe('same-origin')
  expect(page.html).not.toContain(bo.email)
  const done = await his.post(new URL(line).pathname, fields)
  expect(done).toMatchObject({ status: 303, location: '/sign-in/password-changed' })
  await expectOut(his)
  expect((await his.get(done.location ?? '')).text).toContain('Your password is saved. Sign in with it.')

  expect((await tryDoor(browser(), bo.email)).status).toBe(422)
  expect((await tryDoor(his, bo.email, chosen)).status).toBe(303)
  expect((await account(bo)).email_verified_at).toBeNull()
  expect(acts(await events(bo)).filter((act) => act.startsWith('password'))).toEqual([
    'password.reset_link_made',
    'password.reset',
  ])
  expect(JSON.stringify(door.log)).not.toContain(line.slice(-20))
  await expect(operator(door, 'nobody@example.org')).rejects.toThrow(OperatorError)
  await expect(operator(door)).rejects.toThrow(OperatorError)
})

test('opening the link, even by a scanner, changes nothing', async () => {
  const { bo, link, browser, account } = await forgetful()
  const path = await link()
  const before = await account(bo)
  for (let n = 0; n < 3; n++) expect((await browser().get(path)).status).toBe(200)
  expect((await browser().send('HEAD', path)).status).toBe(200)
  expect(await account(bo)).toEqual(before)
})

test('it works once, also when it is used twice at the same moment', async () => {
  const { link, browser } = await forgetful()
  const path = await link()
  const answers = await Promise.all([1, 2, 3, 4].map(() => browser().post(path, fields)))
  expect(answers.map((one) => one.status).toSorted()).toEqual([303, 404, 404, 404])
  expect((await browser().get(path)).status).toBe(404)
})

test('it works for 30 minutes, to the millisecond', async () => {
  for (const [late, status] of [
    [-1, 303],
    [0, 404],
    [1, 404],
  ] as const) {
    const { link, browser, clock } = await forgetful()
    const path = await link()
    clock.pass(minutes(30) + late)
    expect((await browser().get(path)).status).toBe(status === 303 ? 200 : 404)
    expect((await browser().post(path, fields)).status).toBe(status)
  }
})

test('every link that doesn’t work leads to one and the same page', async () => {
  const { ana, bo, link, browser, clock } = await forgetful()
  const replaced = await link()
  const used = await link()
  await browser().post(used, fields)
  const old = await link('copy', ana)
  const ofBo = await link()
  clock.pass(minutes(30))
  const pages = new Set<string>()
  for (const path of [
    replaced,
    used,
    old,
    ofBo,
    `${ofBo}x`,
    ofBo.replace(/.$/, '-'),
    '/reset-password/x',
    `/reset-password/${bo.accountId}.1.x`,
    '/reset-password/%F0%9F%A6%8A',
  ])
    for (const answer of [
      await browser().get(path),
      await browser().post(path, fields),
      await browser().post(path, { password: '', password_again: '' }),
    ]) {
      expect(answer.status, path).toBe(404)
      pages.add(answer.html)
    }
  expect(pages.size).toBe(1)
  const [page = ''] = pages
  expect(page).toContain('This link doesn’t work')
  expect(page).not.toContain(bo.email)
})

test('a newer link ends the older one, and a new password of any kind ends both', async () => {
  const { bo, link, browser, db } = await forgetful()
  const [first, second] = [await link(), await link()]
  expect((await browser().get(first)).status).toBe(404)
  expect((await browser().get(second)).status).toBe(200)
  await db.updateTable('account').set({ must_change_password: true }).where('id', '=', bo.accountId).execute()
  const his = browser()
  await tryDoor(his, bo.email)
  expect((await his.post('/sign-in/new-password', fields)).status).toBe(303)
  expect((await browser().get(second)).status).toBe(404)
})

test('it ends every session, half-done ones too, and whoever else was signed in in that browser leaves it', async () => {
  const { ana, bo, add, link, browser, sessions } = await forgetful()
  const tom = await add({ first: 'Tom', mustChange: true })
  const [laptop, phone] = [browser(), browser()]
  await tryDoor(laptop, bo.email)
  await tryDoor(phone, tom.email)
  await laptop.post(await link(), fields)
  await phone.post(await link('copy', tom), fields)
  expect(await sessions(bo)).toEqual([])
  expect(await sessions(tom)).toEqual([])
  const hers = browser()
  await tryDoor(hers, ana.email)
  expect((await hers.post(await link(), fields)).status).toBe(303)
  expect(hers.cookies.has('session')).toBe(false)
  await expectOut(hers)
})

test('it ends a block and its waiting time (R-05)', async () => {
  const { bo, browser, link, db, account, events } = await forgetful()
  await db.updateTable('account').set({ failed_sign_ins: 99 }).where('id', '=', bo.accountId).execute()
  const before = await link()
  for (let n = 0; n < 5; n++) await tryDoor(browser(), bo.email, wrong)
  expect((await account(bo)).blocked_at).not.toBeNull()
  expect((await browser().get(before)).status).toBe(404)
  expect((await browser().post(await link(), fields)).status).toBe(303)
  expect(await account(bo)).toMatchObject({ blocked_at: null, failed_sign_ins: 0 })
  expect(acts(await events(bo)).slice(-2)).toEqual(['password.reset', 'account.unblocked'])
  const rows = await db.selectFrom('membership').select('status').where('account_id', '=', bo.accountId).execute()
  expect(rows).toEqual([{ status: 'active' }])
  expect((await tryDoor(browser(), bo.email, chosen)).status).toBe(303)
})

test('a mailed link proves the address, a printed one doesn’t', async () => {
  const { bo, link, browser, account, clock } = await forgetful()
  await browser().post(await link('copy'), fields)
  expect((await account(bo)).email_verified_at).toBeNull()
  await browser().post(await link('mail'), fields)
  expect((await account(bo)).email_verified_at).toEqual(clock.now)
})

test('a password that can’t be taken leaves the link as it was', async () => {
  const { link, browser, account, bo } = await forgetful()
  const path = await link()
  const before = await account(bo)
  for (const [typed, again, sentence] of [
    ['', '', 'Enter the new password again'],
    ['short', 'short', 'at least 15 characters'],
    [chosen, `${chosen} `, 'Enter the same password twice'],
    ['harbor claims harbor claims', 'harbor claims harbor claims', 'name of your organization'],
    [`${'x'.repeat(250)}🦊${'y'.repeat(10)}`, 'x', 'at most 256 characters'],
  ] as const) {
    const answer = await browser().post(path, { password: typed, password_again: again })
    expect(answer.status).toBe(422)
    expect(answer.text).toContain(sentence)
    if (typed) expect(answer.html).not.toContain(typed)
  }
  expect((await browser().post(path, { ...fields, email: 'x@example.org' })).status).toBe(400)
  expect((await browser().post(path, fields, { headers: { 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403)
  expect(await account(bo)).toEqual(before)
  expect((await browser().post(path, fields)).status).toBe(303)
})

test('a first password that was never used is gone with a reset, too', async () => {
  const { add, link, browser, account } = await forgetful()
  const nia = await add({ first: 'Nia', mustChange: true, expires: new Date(0) })
  await browser().post(await link('copy', nia), fields)
  expect(await account(nia)).toMatchObject({ must_change_password: false, password_expires_at: null })
  expect(await tryDoor(browser(), nia.email, chosen)).toMatchObject({ status: 303, location: '/' })
  expect((await tryDoor(browser(), nia.email, password)).status).toBe(422)
})
