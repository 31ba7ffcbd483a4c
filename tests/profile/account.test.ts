import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../src/platform/database/connect.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { signLink } from '../../src/platform/links.ts'
import { atTheDoor, expectIn, expectOut, password, tryDoor } from '../sign-in/door.ts'
import { act, hiddenIn } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { Lynx } from '../support/lynx.ts'
import { meanwhile } from '../support/meanwhile.ts'
import { unique } from '../support/unique.ts'
import { addPerson, days, makeCustomRole, makeGroup, makeOrganization, minutes, signedIn } from '../support/world.ts'
import { beforeSecondStep, enroll, withTwoFactor } from '../two-factor/phone.ts'

/* What one signs in with, changed by oneself: username at once, email by a link to the new address, with a way back. */

type Door = Awaited<ReturnType<typeof atTheDoor>>
type Someone = { accountId: string; email: string }

const address = () => `new.${newId()}@example.org`
const name = (text = 'user') => `${text}-${unique()}`

let door: Door
beforeAll(async () => {
  door = await atTheDoor()
})
const pat = async (details: Parameters<Door['add']>[0] = {}, at = door) => {
  const person = await at.add({ first: 'Pat', last: 'Moves', ...details })
  return Object.assign(await at.enter(person), { person })
}
const memberships = (who: Someone, at = door) =>
  at.db.selectFrom('membership').selectAll().where('account_id', '=', who.accountId).orderBy('id').execute()
const letters = async (to: string, at = door) =>
  (await at.db.selectFrom('mail').select('template').where('to_address', '=', to).orderBy('id').execute()).map(
    (one) => one.template,
  )
/** The path of the link in the last such letter to this address, as the mail worker signs it. */
async function linkTo(to: string, template: string, at = door) {
  const letter = await at.db
    .selectFrom('mail')
    .select(['data', 'generation'])
    .where('to_address', '=', to)
    .where('template', '=', template)
    .where('generation', 'is not', null)
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  const kinds = { email_confirmation: 'email', email_changed: 'former_email', reset_link: 'reset' } as const
  const paths = { email: '/confirm-email/', former_email: '/restore-email/', reset: '/reset-password/' }
  const kind = kinds[template as keyof typeof kinds]
  const id = (letter.data as { account_id: string }).account_id
  const link = { kind, id, generation: letter.generation ?? 0, channel: 'mail' } as const
  return paths[kind] + signLink(link, at.services.key)
}
const ask = (browser: Browser, fields: Record<string, string>) => browser.post('/profile', fields)
/** Somebody opens a link of a letter, and presses the button of its page. */
async function press(path: string, browser = new Browser(door.app)) {
  const opened = await browser.get(path)
  if (opened.status !== 303) return opened
  const page = await browser.get(opened.location ?? '')
  return browser.post(opened.location ?? '', hiddenIn(page.html))
}
/** From the form to the used link. */
async function move(browser: Browser, email: string, at = door) {
  expect(await ask(browser, { email })).toMatchObject({ status: 303, location: '/profile' })
  expect((await press(await linkTo(email, 'email_confirmation', at), browser)).location).toBe('/confirm-email/done')
}

describe('a username', () => {
  test('works at once, with its copies in every organization, and the address stays', async () => {
    const hers = await pat()
    const there = await makeOrganization(door.db, 'North Sea', door.clock.now)
    await addPerson(door.db, there, door.clock.now, { first: 'Patricia', accountId: hers.person.accountId })
    const username = name('Pat.Ä')
    expect(await ask(hers, { username, email: hers.person.email })).toMatchObject({ status: 303, location: '/profile' })
    expect(await door.account(hers.person)).toMatchObject({ username, email: hers.person.email, new_email: null })
    const rows = await memberships(hers.person)
    expect(rows.map((row) => [row.username_key, row.version])).toEqual([
      [username.toLowerCase(), 2],
      [username.toLowerCase(), 2],
    ])
    expect(rows[0]?.search).toMatch(/ pat .* pat\.a/)
    expect(rows[1]?.search).toMatch(/ patricia .* pat\.a/)
    expect((await door.events(hers.person)).map((one) => [one.act, one.changes])).toEqual([['username.changed', {}]])
    expect((await tryDoor(door.browser(), username)).status).toBe(303)
    // Taken off again, and sent a second time.
    expect((await ask(hers, { username: '' })).status).toBe(303)
    expect((await ask(hers, { username: '' })).status).toBe(303)
    expect((await door.account(hers.person)).username).toBe(null)
    expect((await memberships(hers.person)).map((row) => row.username_key)).toEqual(['', ''])
  })
  test('that somebody has in whatever letters is said to be taken, beside the field, and not without end', async () => {
    const username = name('taken')
    await door.add({ first: 'Zoe', last: 'Hidden', username })
    const hers = await pat()
    for (let n = 0; n < 20; n++) {
      const answer = await ask(hers, { username: username.toUpperCase() })
      expect([answer.status, answer.html.includes('id="username-error"')]).toEqual([422, true])
      expect(answer.html).toContain(`value="${username.toUpperCase()}"`)
      expect(answer.html).not.toContain('Hidden')
    }
    const free = name()
    const waits = await ask(hers, { username: free })
    expect([waits.status, Number(waits.headers.get('retry-after')) > 0]).toEqual([429, true])
    expect(waits.html).toContain(`value="${free}"`)
    expect(await door.account(hers.person)).toMatchObject({ username: null, version: 1 })
  })
  test.each([
    ['an @', 'pat@example.org', 'can’t have an @'],
    ['too short', 'ab', '3 to 50 characters'],
    ['markup', '<b>pat</b>', 'letters, digits'],
  ])('%s is refused beside the field', async (_, username, sentence) => {
    const answer = await ask(await pat(), { username })
    expect([answer.status, answer.text.includes(sentence)]).toEqual([422, true])
  })
  test('of two people who take one at the same moment one has it', async () => {
    const username = name('both')
    const answers = await Promise.all([await pat(), await pat()].map((hers) => ask(hers, { username })))
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422])
  })
  test('given while an administrator changes the name has both in the search', async () => {
    const hers = await pat()
    const username = name('swift')
    const edited = (trx: Db) =>
      trx
        .updateTable('membership')
        .set((eb) => ({ first_name: 'Petra', search: 'petra moves', version: eb('version', '+', 1) }))
        .where('organization_id', '=', door.here.id)
        .where('id', '=', hers.person.id)
        .execute()
    expect((await meanwhile(door.db, edited, () => ask(hers, { username }))).status).toBe(303)
    const [row] = await memberships(hers.person)
    expect(row?.search).toContain(username)
    expect(row?.search).toContain('petra')
  })
})

describe('what was saved', () => {
  const done = /<p class="note" role="status">\s*([^<]*?)\s*<\/p>/
  const said = async (browser: Browser, path = '/profile') => done.exec((await browser.get(path)).html)?.[1]

  test('is told without script by the page that comes, once, and by no other page', async () => {
    const hers = await pat()
    const username = name()
    await ask(hers, { username })
    expect(await said(hers, '/profile/sessions')).toBeUndefined()
    expect(await said(hers)).toBe('Username changed.')
    expect(await said(hers)).toBeUndefined()
    await ask(hers, { username })
    expect(await said(hers)).toBe('Nothing was changed.')
    const email = address()
    await ask(hers, { username, email })
    expect(await said(hers)).toBe(`A letter is on its way to ${email}.`)
    await hers.post('/profile/cancel', hiddenIn((await hers.get('/profile')).html))
    expect(await said(hers)).toBe('Change of email canceled.')
    await hers.post('/profile/time-zone', { time_zone: 'Europe/Oslo' })
    expect(await said(hers)).toBe('Times are told as they are in Europe/Oslo.')
  })

  test('is told by htmx where it stands, and the next page has nothing to tell', async () => {
    const hers = await pat()
    const answer = await ask(hers.swap, { username: name() })
    expect([answer.status, answer.html.includes('data-said="Username changed."')]).toEqual([200, true])
    expect(answer.html).not.toMatch(done)
    expect(await said(hers)).toBeUndefined()
  })

  test('is told by nothing where it wasn’t saved, and not to whoever signs in there next', async () => {
    const hers = await pat()
    expect((await ask(hers, { username: '@' })).html).not.toMatch(done)
    expect(await said(hers)).toBeUndefined()
    await ask(hers, { username: name() })
    expect(hers.cookies.has('said')).toBe(true)
    await hers.post('/sign-out')
    expect(hers.cookies.has('said')).toBe(false)
  })

  test('stays text, whatever it holds', async () => {
    const hers = await pat()
    hers.cookies.set('said', encodeURIComponent('/profile <b>Hello'))
    expect((await hers.get('/profile')).html).toContain('&lt;b&gt;Hello')
  })
})

test('a new address is the account’s when its link was used, with every copy; other sessions end, this one goes on', async () => {
  const at = await withTwoFactor()
  const { hers, ana, db, account, events, sessions } = at
  const there = await makeOrganization(db, 'North Sea', at.clock.now)
  await addPerson(db, there, at.clock.now, { first: 'Anna', accountId: ana.accountId, email: ana.email })
  const [other, pending] = [await at.enter(ana), await beforeSecondStep(at)]
  const email = address()
  expect(await ask(hers, { username: '', email })).toMatchObject({ status: 303, location: '/profile' })
  expect((await hers.get('/profile')).text).toContain(`We have written to ${email}`)
  expect([await account(ana), await letters(email, at), (await letters(ana.email, at)).at(-1)]).toMatchObject([
    { email: ana.email, new_email: email },
    ['email_confirmation'],
    'email_change_asked',
  ])
  // Nothing of it in the organization, which didn't ask for it.
  expect((await hers.get('members/me')).text).not.toContain(email)
  const path = await linkTo(email, 'email_confirmation', at)
  const opened = await hers.get(path)
  expect([opened.location, opened.headers.get('referrer-policy')]).toEqual(['/confirm-email', 'no-referrer'])
  expect((await hers.get('/confirm-email')).text).toContain(email)
  expect((await account(ana)).email).toBe(ana.email)
  const old = hers.cookies.get('session')
  expect((await press(path, hers)).location).toBe('/confirm-email/done')
  expect(await account(ana)).toMatchObject({
    email,
    email_key: email,
    email_verified_at: at.clock.now,
    new_email: null,
  })
  expect((await memberships(ana, at)).map((row) => [row.email, row.search.includes(email.slice(0, 12))])).toEqual([
    [email, true],
    [email, true],
  ])
  await expectIn(hers)
  expect(hers.cookies.get('session')).not.toBe(old)
  await expectOut(other)
  expect((await pending.get('/sign-in/two-factor')).location).toBe('/sign-in')
  expect(await sessions(ana)).toHaveLength(1)
  expect([(await letters(email, at)).at(-1), (await letters(ana.email, at)).at(-1)]).toEqual([
    'email_changed',
    'email_changed',
  ])
  expect((await events(ana)).slice(-2).map((one) => [one.act, one.actor_id, one.changes])).toEqual([
    ['email.change_asked', ana.accountId, {}],
    ['email.changed', ana.accountId, {}],
  ])
  expect((await tryDoor(at.browser(), email)).location).toBe('/sign-in/two-factor')
  expect((await tryDoor(at.browser(), ana.email)).status).toBe(422)
  // Once.
  expect((await press(path)).status).toBe(404)
})

describe('the link to the new address', () => {
  test('works for 60 minutes, and only the last of several; canceled, it stops', async () => {
    const at = await atTheDoor()
    const hers = await pat({}, at)
    const [one, two, three] = [address(), address(), address()]
    await ask(hers, { email: one })
    await ask(hers, { email: two })
    const stranger = new Browser(at.app)
    expect((await stranger.get(await linkTo(one, 'email_confirmation', at))).status).toBe(404)
    at.clock.pass(minutes(60) - 1)
    expect((await stranger.get(await linkTo(two, 'email_confirmation', at))).status).toBe(303)
    at.clock.pass(1)
    expect((await stranger.get(await linkTo(two, 'email_confirmation', at))).status).toBe(404)
    const asked = await ask(await at.enter(hers.person), { email: three })
    expect(asked.status).toBe(303)
    const again = await at.enter(hers.person)
    const fields = hiddenIn((await again.get('/profile')).html)
    expect((await again.post('/profile/cancel', fields)).location).toBe('/profile')
    expect((await stranger.get(await linkTo(three, 'email_confirmation', at))).status).toBe(404)
    const late = await again.post('/profile/cancel', fields)
    expect([late.status, late.text.includes('no change of email to cancel')]).toEqual([409, true])
  })
  test('dies with a new password, a block, or a lock of the group, and not with a username or more rights', async () => {
    const locking = async ({ accountId }: Someone) => {
      const [row] = await memberships({ accountId, email: '' })
      await door.db
        .insertInto('group_locked_field')
        .values({ organization_id: door.here.id, group_id: row?.group_id ?? '', field: 'email' })
        .execute()
    }
    const account = ({ accountId }: Someone) => door.db.updateTable('account').where('id', '=', accountId)
    const group = await makeGroup(door.db, door.here.id, name('Locks'))
    const meanwhile: Record<string, (hers: Awaited<ReturnType<typeof pat>>) => Promise<unknown>> = {
      username: (hers) => ask(hers, { username: name() }),
      rights: async ({ person }) =>
        act(await door.enter(door.ana), person, 'access', {
          role: 'member',
          group: shortId(group),
          permission: 'claims.all',
        }),
      password: (hers) =>
        hers.post('/profile/security/password', {
          current_password: password,
          password: 'seven herons over the weir',
          password_again: 'seven herons over the weir',
        }),
      block: ({ person }) => account(person).set({ blocked_at: door.clock.now }).execute(),
      lock: ({ person }) => locking(person),
    }
    for (const [what, happens] of Object.entries(meanwhile)) {
      const hers = await pat({ group })
      const email = address()
      await ask(hers, { email })
      const browser = new Browser(door.app)
      const page = await browser.get((await browser.get(await linkTo(email, 'email_confirmation'))).location ?? '')
      await happens(hers)
      const answer = await browser.post('/confirm-email', hiddenIn(page.html))
      expect([what, answer.status]).toEqual([what, ['username', 'rights'].includes(what) ? 303 : 404])
    }
  })
  test('hangs on nobody who had asked for another one before', async () => {
    const hers = await pat()
    const bea = await door.enter(await door.add({ first: 'Bea', role: 'admin' }))
    await act(bea, hers.person, 'account', { username: '', email: address() })
    const email = address()
    await ask(hers, { email })
    await door.db
      .updateTable('membership')
      .set({ organization_role: 'viewer' })
      .where('id', '=', bea.person.id)
      .execute()
    expect((await press(await linkTo(email, 'email_confirmation'))).location).toBe('/confirm-email/done')
  })
  test('pressed six times at once changes the address once', async () => {
    const hers = await pat()
    const email = address()
    await ask(hers, { email })
    const path = await linkTo(email, 'email_confirmation')
    const answers = await Promise.all(Array.from({ length: 6 }, () => press(path)))
    expect(answers.filter(({ location }) => location === '/confirm-email/done')).toHaveLength(1)
    expect((await door.events(hers.person)).filter((one) => one.act === 'email.changed')).toHaveLength(1)
  })
})

test('whether anybody has an address is told to nobody but to whoever reads its mail', async () => {
  const [one, two] = [await pat(), await pat()]
  const zoe = await door.add({ first: 'Zoe' })
  const free = address()
  const answers = [await ask(one, { email: zoe.email.toUpperCase() }), await ask(two, { email: free })]
  expect(answers.map(({ status, location }) => [status, location])).toEqual([
    [303, '/profile'],
    [303, '/profile'],
  ])
  const plain = (html: string, ...words: string[]) => words.reduce((text, word) => text.replaceAll(word, ''), html)
  const pages = [(await one.get('/profile')).html, (await two.get('/profile')).html]
  expect(plain(pages[0] ?? '', zoe.email.toUpperCase(), one.person.email)).toBe(
    plain(pages[1] ?? '', free, two.person.email),
  )
  expect(await letters(zoe.email.toUpperCase())).toEqual(['email_confirmation'])
  expect((await press(await linkTo(zoe.email.toUpperCase(), 'email_confirmation'))).status).toBe(404)
  expect((await door.account(one.person)).email).toBe(one.person.email)
})

describe('“This was not me”', () => {
  const restore = (path: string) => press(path)

  test('gives the old address back, signs everybody out and stops the password; a letter leads on', async () => {
    const hers = await pat()
    const { person } = hers
    const email = address()
    await move(hers, email)
    await ask(hers, { email: address() })
    const path = await linkTo(person.email, 'email_changed')
    const browser = new Browser(door.app)
    expect((await browser.get(path)).location).toBe('/restore-email')
    const page = await browser.get('/restore-email')
    expect(page.text).toContain(`Your account gets the address ${person.email} back`)
    expect((await door.account(person)).email).toBe(email)
    expect((await browser.post('/restore-email', hiddenIn(page.html))).location).toBe('/restore-email/done')
    expect((await browser.get('/restore-email/done')).text).toContain('an Admin of your organization can reset it')
    expect(await door.account(person)).toMatchObject({ email: person.email, password_hash: null, new_email: null })
    expect((await memberships(person)).map((row) => row.email)).toEqual([person.email])
    await expectOut(hers)
    for (const login of [email, person.email]) expect((await tryDoor(door.browser(), login)).status).toBe(422)
    expect((await letters(email)).at(-1)).toBe('email_restored')
    expect((await letters(person.email)).slice(-2).sort()).toEqual(['email_restored', 'reset_link'])
    const told = (await door.events(person)).filter((one) => one.act === 'email.restored')
    expect(told).toMatchObject([{ actor_id: person.accountId, changes: {} }])
    // Once; and the link in the letter chooses a password.
    expect((await restore(path)).status).toBe(404)
    const fields = { password: 'seven herons over the weir', password_again: 'seven herons over the weir' }
    const reset = await linkTo(person.email, 'reset_link')
    expect((await door.browser().post(reset, fields)).location).toBe('/sign-in/password-changed')
    expect((await tryDoor(door.browser(), person.email, fields.password)).status).toBe(303)
  })

  test('after a second change: the first address comes back, and the second has no way to undo that', async () => {
    const hers = await pat()
    const [a, b, c] = [hers.person.email, address(), address()]
    await move(hers, b)
    await move(hers, c)
    const [fromA, fromB] = [await linkTo(a, 'email_changed'), await linkTo(b, 'email_changed')]
    expect((await restore(fromA)).location).toBe('/restore-email/done')
    expect((await door.account(hers.person)).email).toBe(a)
    expect((await restore(fromB)).status).toBe(404)
    expect((await door.account(hers.person)).email).toBe(a)
  })

  test('used by the second address leaves the first its own', async () => {
    const hers = await pat()
    const [a, b, c] = [hers.person.email, address(), address()]
    await move(hers, b)
    await move(hers, c)
    expect((await restore(await linkTo(b, 'email_changed'))).location).toBe('/restore-email/done')
    expect((await door.account(hers.person)).email).toBe(b)
    expect((await restore(await linkTo(a, 'email_changed'))).location).toBe('/restore-email/done')
    expect((await door.account(hers.person)).email).toBe(a)
  })

  test('gives the only Admin her account too, and no browser of before is a known one', async () => {
    const at = await atTheDoor()
    const a = at.ana.email
    const thief = at.browser()
    expect((await tryDoor(thief, a)).status).toBe(303)
    expect((await tryDoor(thief, a)).status).toBe(303)
    const told = async () => (await letters(a, at)).filter((one) => one === 'new_device').length
    expect(await told()).toBe(0)
    await move(thief, address(), at)
    expect((await press(await linkTo(a, 'email_changed', at), at.browser())).location).toBe('/restore-email/done')
    const fields = { password: 'seven herons over the weir', password_again: 'seven herons over the weir' }
    const reset = await linkTo(a, 'reset_link', at)
    expect((await at.browser().post(reset, fields)).location).toBe('/sign-in/password-changed')
    expect((await tryDoor(thief, a, fields.password)).status).toBe(303)
    expect(await told()).toBe(1)
  })

  test('is nobody’s who had the account meanwhile, once it has its address again by another change (R-16)', async () => {
    for (const back of ['by herself', 'by an administrator']) {
      const hers = await pat()
      const [a, b] = [hers.person.email, address()]
      // Whoever took her session, and has the mailbox of b.
      await move(hers, b)
      if (back === 'by herself') await move(hers, a)
      else {
        await act(await door.enter(door.ana), hers.person, 'account', { username: '', email: a })
        expect((await press(await linkTo(a, 'email_confirmation'))).location).toBe('/confirm-email/done')
      }
      expect([back, (await door.account(hers.person)).email]).toEqual([back, a])
      const former = await door.db
        .selectFrom('former_email')
        .selectAll()
        .where('account_id', '=', hers.person.accountId)
        .execute()
      expect([back, former]).toEqual([back, []])
      expect((await restore(await linkTo(b, 'email_changed'))).status).toBe(404)
      expect((await door.account(hers.person)).email).toBe(a)
      // And hers at the next change is as ever.
      await move(await door.enter(hers.person), address())
      expect((await restore(await linkTo(a, 'email_changed'))).location).toBe('/restore-email/done')
    }
  })

  test('can’t be cut off by whoever has the account: by inviting, adding or letting somebody join with the address', async () => {
    const at = await atTheDoor()
    const hers = await pat({ permissions: ['members.invite', 'members.view'] }, at)
    const a = hers.person.email
    await move(hers, address(), at)
    const path = await linkTo(a, 'email_changed', at)
    const terms = { role: 'member', group: shortId(at.here.defaultGroup), days: '7', message: '' }
    const invited = { key: newId(), email: a, first_name: 'No', last_name: 'Body', ...terms }
    expect((await hers.post('invitations/new', invited)).status).toBe(303)
    // An Admin of another organization: an account with that address, by a link that they copy or a password that they know.
    const there = await makeOrganization(at.db, 'North Sea', at.clock.now)
    const eve = await signedIn(at, await addPerson(at.db, there, at.clock.now, { first: 'Eve', role: 'admin' }), there)
    const { key = '' } = hiddenIn((await eve.get('members/new')).html)
    const draft = ((await eve.post('members/new', { key, email: a })).location ?? '').replace(/\/name$/, '')
    await eve.post(`${draft}/name`, {
      first_name: 'No',
      last_name: 'Body',
      title: '',
      cell_phone: '',
      office_phone: '',
      extension: '',
    })
    expect((await eve.get(`${draft}/how`)).text).toContain('can’t be added directly')
    // Nor by another email that an Admin asks for, and confirms with the link that they are shown.
    const one = await addPerson(at.db, there, at.clock.now, { first: 'One' })
    expect((await act(eve, one, 'account', { username: '', email: a })).status).toBe(200)
    const asked = await at.account({ accountId: one.accountId ?? '' })
    const shown = {
      kind: 'email',
      id: asked.id,
      generation: asked.email_generation,
      channel: 'copy',
      by: eve.person.id,
    } as const
    expect((await press(`/confirm-email/${signLink(shown, at.services.key)}`, at.browser())).status).toBe(404)
    const other = { ...invited, key: newId(), group: shortId(there.defaultGroup) }
    const { location } = await eve.post('invitations/new', other)
    expect(location).not.toBe(null)
    const sent = await at.db
      .selectFrom('invitation')
      .selectAll()
      .where('organization_id', '=', there.id)
      .executeTakeFirstOrThrow()
    const copied = {
      kind: 'invitation',
      id: sent.id,
      generation: sent.generation,
      channel: 'copy',
      by: eve.person.id,
    } as const
    const nobody = at.browser()
    await nobody.get(`/join/${signLink(copied, at.services.key)}`)
    const chosen = { first_name: 'No', last_name: 'Body', password, password_again: password }
    expect((await nobody.post('/join', chosen)).status).toBe(410)
    expect((await press(path, at.browser())).location).toBe('/restore-email/done')
    expect((await at.account(hers.person)).email).toBe(a)
    const [place] = await memberships(hers.person, at)
    expect(place).toMatchObject({ email: a, status: 'active' })
    const [ended] = await at.db.selectFrom('invitation').selectAll().where('organization_id', '=', at.here.id).execute()
    expect(ended?.status).toBe('revoked')
    const told = at.db.selectFrom('event').select('changes').where('act', '=', 'invitation.revoked')
    expect(await told.where('subject_id', '=', ended?.id ?? '').execute()).toEqual([
      { changes: { status: ['pending_activation', 'revoked'] } },
    ])
  })

  test('works for seven days, for a blocked account too, and not once the address is somebody else’s', async () => {
    const at = await atTheDoor()
    const [one, two] = [await pat({}, at), await pat({}, at)]
    for (const hers of [one, two]) await move(hers, address(), at)
    const stranger = new Browser(at.app)
    const [path, other] = [
      await linkTo(one.person.email, 'email_changed', at),
      await linkTo(two.person.email, 'email_changed', at),
    ]
    await at.add({ first: 'Quick', email: two.person.email })
    expect((await press(other, stranger)).status).toBe(404)
    await at.db
      .updateTable('account')
      .set({ blocked_at: at.clock.now })
      .where('id', '=', one.person.accountId)
      .execute()
    at.clock.pass(days(7) - 1)
    expect((await stranger.get(path)).status).toBe(303)
    const page = await stranger.get('/restore-email')
    at.clock.pass(1)
    expect((await stranger.get(path)).status).toBe(404)
    expect((await stranger.post('/restore-email', hiddenIn(page.html))).status).toBe(404)
    at.clock.pass(-1)
    expect((await press(path, stranger)).location).toBe('/restore-email/done')
  })

  test('takes an attacker’s half-done two-factor away, but not one that is on: the letter’s link asks for its code', async () => {
    const at = await atTheDoor()
    const hers = await pat({}, at)
    await move(hers, address(), at)
    await enroll(hers, at.clock)
    await hers.post('/profile/security/two-factor', { start: 'on' })
    const path = await linkTo(hers.person.email, 'email_changed', at)
    expect((await press(path, at.browser())).location).toBe('/restore-email/done')
    await expectOut(hers)
    expect((await at.account(hers.person)).two_factor_at).not.toBe(null)
    const begun = at.db.selectFrom('enrollment').select('id').where('account_id', '=', hers.person.accountId)
    expect(await begun.execute()).toEqual([])
    const browser = at.browser()
    const reset = await linkTo(hers.person.email, 'reset_link', at)
    expect((await browser.get(reset)).html).toContain('name="code"')
    // What is left to an Admin.
    const ana = await at.enter(at.ana)
    expect((await act(ana, hers.person, 'reset-two-factor')).status).toBe(303)
  })

  test('works for a change that an administrator made, which is in the organization’s log', async () => {
    const { person } = await pat()
    const ana = await door.enter(door.ana)
    const email = address()
    await act(ana, person, 'account', { username: '', email })
    expect((await press(await linkTo(email, 'email_confirmation'))).location).toBe('/confirm-email/done')
    expect((await restore(await linkTo(person.email, 'email_changed'))).location).toBe('/restore-email/done')
    expect((await door.account(person)).email).toBe(person.email)
    const told = await door.db
      .selectFrom('event')
      .select('act')
      .where('organization_id', '=', door.here.id)
      .where('subject_id', '=', person.accountId)
      .where('act', '=', 'email.restored')
      .execute()
    expect(told).toHaveLength(1)
  })

  test('pressed six times at once does it once, and a link of another kind opens nothing', async () => {
    const hers = await pat()
    await move(hers, address())
    const path = await linkTo(hers.person.email, 'email_changed')
    const answers = await Promise.all(Array.from({ length: 6 }, () => restore(path)))
    expect(answers.filter(({ location }) => location === '/restore-email/done')).toHaveLength(1)
    expect((await door.events(hers.person)).filter((one) => one.act === 'email.restored')).toHaveLength(1)
    const email = address()
    const other = await pat()
    await ask(other, { email })
    const token = (await linkTo(email, 'email_confirmation')).split('/').at(-1)
    expect((await door.browser().get(`/restore-email/${token}`)).status).toBe(404)
  })
})

describe('what the group locks', () => {
  const lockedGroup = async (...fields: string[]) => {
    const group = await makeGroup(door.db, door.here.id, name('Locks'))
    for (const field of fields)
      await door.db
        .insertInto('group_locked_field')
        .values({ organization_id: door.here.id, group_id: group, field })
        .execute()
    return group
  }
  test('is shown with whom to ask, and refused when forced', async () => {
    const hers = await pat({ group: await lockedGroup('email', 'username'), username: name() })
    const page = await hers.get('/profile')
    expect(page.text).toContain(
      'Your group doesn’t let its members change their username and email. To have it changed, ask Ana Admin',
    )
    expect(page.html).not.toMatch(/name="(email|username)"/)
    for (const fields of [{ email: address() }, { username: name() }, { username: '' }] as Record<string, string>[]) {
      const answer = await ask(hers, fields)
      expect([answer.status, answer.html.includes(`id="${Object.keys(fields)[0]}-error"`)]).toEqual([422, true])
    }
    expect((await door.account(hers.person)).version).toBe(1)
    expect((await ask(hers, { email: hers.person.email })).status).toBe(303)
  })
  test('is the owner’s where a second organization has the account too', async () => {
    const group = await lockedGroup('email', 'username')
    const hers = await pat({ group })
    const there = await makeOrganization(door.db, 'North Sea', door.clock.now)
    await addPerson(door.db, there, door.clock.now, { accountId: hers.person.accountId, email: hers.person.email })
    expect((await hers.get('/profile')).html).toContain('name="email"')
    expect((await ask(hers, { username: name() })).status).toBe(303)
  })
  test('binds nobody who changes it for others, and whoever holds that without effect or changes something else', async () => {
    const group = await lockedGroup('email', 'username')
    const role = await makeCustomRole(door.db, door.here.id, name('Desk'), ['members.credentials'])
    const holders: Record<string, Parameters<Door['add']>[0]> = {
      Admin: { role: 'admin' },
      directly: { permissions: ['members.credentials'] },
      'by a custom role': { customRoles: [role] },
      'above the ceiling': { role: 'viewer', permissions: ['members.credentials'] },
      'editing all details': { permissions: ['members.edit'] },
    }
    const may: string[] = []
    for (const [how, held] of Object.entries(holders)) {
      const hers = await pat({ group, ...held })
      const { status } = await ask(hers, { username: name() })
      expect([how, (await hers.get('/profile')).html.includes('name="username"')]).toEqual([how, status === 303])
      if (status === 303) may.push(how)
    }
    expect(may).toEqual(['Admin', 'directly', 'by a custom role'])
  })
})

test('of two tabs the second is told, with what was typed', async () => {
  const hers = await pat()
  const { version = '' } = hiddenIn((await hers.get('/profile')).html)
  const [one, two] = [name('one'), name('two')]
  const answers = await Promise.all(
    [one, two].map((username) => ask(hers, { version, username, email: hers.person.email })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 409])
  const late = answers.find(({ status }) => status === 409)
  expect(late?.html).toContain('name="version" value="2"')
  expect([one, two].filter((username) => late?.html.includes(`value="${username}"`))).toHaveLength(1)
})

test('a double click asks once, and ends as one click does', async () => {
  const hers = await pat()
  const { version = '' } = hiddenIn((await hers.get('/profile')).html)
  const fields = { version, username: name(), email: `new.${newId()}@example.org` }
  for (let press = 0; press < 2; press++) expect((await ask(hers, fields)).status).toBe(303)
  expect((await ask(hers, { ...fields, username: name('other') })).status).toBe(409)
  expect(await letters(fields.email)).toHaveLength(1)
})

test('whoever signed in long ago is asked first, and it is done with the answer', async () => {
  const at = await atTheDoor()
  const hers = await pat({}, at)
  at.clock.pass(minutes(10))
  expect((await hers.get('/profile')).status).toBe(200)
  const email = address()
  const asked = await ask(hers, { username: '', email })
  expect([asked.status, asked.html.includes(`name="email" value="${email}"`)]).toEqual([403, true])
  expect((await at.account(hers.person)).new_email).toBe(null)
  expect((await ask(hers, { username: '', email, confirm_password: password })).location).toBe('/profile')
  expect((await at.account(hers.person)).new_email).toBe(email)
})

test('six addresses in an hour are too many, and what isn’t in the form is refused', async () => {
  const hers = await pat()
  for (let n = 0; n < 5; n++) expect((await ask(hers, { email: address() })).status).toBe(303)
  expect((await ask(hers, { email: address() })).status).toBe(429)
  const mia = await pat()
  for (const field of ['password_hash', 'email_verified_at', 'new_email', 'account_id', 'time_zone'])
    expect((await ask(mia, { email: mia.person.email, [field]: 'x' })).status).toBe(400)
  for (const email of ['', 'nobody', 'a b@example.org', `${'x'.repeat(300)}@example.org`])
    expect((await ask(mia, { email })).status).toBe(422)
  expect((await ask(mia, { version: 'x' })).status).toBe(422)
  expect((await door.account(mia.person)).version).toBe(1)
  expect((await door.browser().get('/profile')).location).toBe('/sign-in')
})

test('times are told in the zone that was chosen, and only zones that there are can be', async () => {
  const hers = await pat()
  expect((await hers.get('/profile')).text).toContain('as they are in UTC')
  expect((await hers.post('/profile/time-zone', { time_zone: 'Asia/Tokyo' })).location).toBe('/profile')
  expect((await hers.get('/profile')).text).toContain(
    'as they are in Asia/Tokyo , where it is Nov 22, 2026, 21:00 +09:00',
  )
  expect((await hers.get('/profile/time-zone')).html).toContain('<option selected="">Asia/Tokyo</option>')
  expect((await hers.get('/profile/sessions')).html).toContain('title="2026-11-22 21:00 +09:00"')
  for (const time_zone of ['', 'Mars/Olympus', 'Europe/Kiev', 'asia/tokyo', "UTC'; drop table account"])
    expect((await hers.post('/profile/time-zone', { time_zone })).status).toBe(422)
  expect((await hers.post('/profile/time-zone', { time_zone: 'UTC', zone: 'x' })).status).toBe(400)
  expect((await door.events(hers.person)).map((one) => [one.act, one.changes])).toEqual([['time_zone.changed', {}]])
})

test('with htmx the fresh screen comes back, in its place and with what was done', async () => {
  const hers = await pat()
  const username = name()
  const swapped = await hers.swap.post('/profile', { username, email: hers.person.email })
  expect([swapped.status, swapped.headers.get('hx-replace-url')]).toEqual([200, '/profile'])
  expect(swapped.html).toContain('data-said="Username changed."')
  expect(swapped.html).toContain(`value="${username}"`)
  expect((await hers.swap.post('/profile', { username: 'a b' })).html).toContain('id="username-error"')
})

test('in lynx: from the name menu to a new address, and back by the letter to the old one', async () => {
  const hers = await pat()
  const lynx = new Lynx(hers)
  await lynx.open(`/o/${door.here.slug}/members/me`)
  await lynx.follow('Account')
  expect(lynx.page.title).toBe('Account – Rollcall')
  await lynx.follow('Change time zone')
  await lynx.press('Save time zone', { time_zone: 'Europe/Berlin' })
  expect(lynx.page.text).toContain('Europe/Berlin')
  const email = address()
  await lynx.press('Save', { email })
  expect(lynx.page.text).toContain(`We have written to ${email}`)
  await lynx.open(await linkTo(email, 'email_confirmation'))
  await lynx.press('Confirm email')
  expect(lynx.page.text).toContain('sign in with the new address')
  await lynx.open(await linkTo(hers.person.email, 'email_changed'))
  await lynx.press('Take my account back')
  expect(lynx.page.text).toContain('Your account has its address back')
  expect((await hers.get('/profile')).location).toBe('/sign-in')
})
