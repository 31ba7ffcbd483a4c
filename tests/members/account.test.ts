import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { signLink } from '../../src/platform/links.ts'
import { act, actOn as at, hiddenIn } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { unique } from '../support/unique.ts'
import { addPerson, minutes, organization, type Person, signedIn } from '../support/world.ts'

/*
 * "Who may change an account" (product.md): the organization that holds the account's only membership changes its username and
 * email; with a second one only the owner does. One world for all: each test has people of its own.
 */

let world: Awaited<ReturnType<typeof organization>>
let bea: Awaited<ReturnType<(typeof world)['enter']>>
beforeAll(async () => {
  world = await organization()
  bea = await world.enter({ first: 'Bea', role: 'admin' })
})

const address = () => `new.${newId()}@example.org`
const name = (text = 'user') => `${text}-${unique()}`
const accountOf = (person: Person) =>
  world.db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', person.accountId ?? '')
    .executeTakeFirstOrThrow()
const rowOf = (person: Person) =>
  world.db.selectFrom('membership').selectAll().where('id', '=', person.id).executeTakeFirstOrThrow()
const eventsOf = async (person: Person) =>
  world.db
    .selectFrom('event')
    .select(['act', 'actor_id', 'organization_id', 'changes'])
    .where('subject_id', '=', person.accountId)
    .where('act', 'not like', 'sign_in%')
    .orderBy('id')
    .execute()
const lettersTo = async (to: string) =>
  (await world.db.selectFrom('mail').select('template').where('to_address', '=', to).orderBy('id').execute()).map(
    (one) => one.template,
  )
const sessionsOf = async (person: Person) =>
  (
    await world.db
      .selectFrom('session')
      .select('id_hash')
      .where('account_id', '=', person.accountId ?? '')
      .execute()
  ).length
const onceIn = (html: string): string => /<code data-copy[^>]*>([^<]*)<\/code>/.exec(html)?.[1] ?? ''
/** Ana asks for this, for this person. */
const ask = (person: Person, fields: Record<string, string>, by: Browser = world.ana) =>
  act(by, person, 'account', { username: '', email: person.email, ...fields })
/** The path of the link that Ana gets for a change to this address. */
const linkTo = async (person: Person, email: string) => new URL(onceIn((await ask(person, { email })).html)).pathname
/** Somebody opens the link, and presses its button. */
const confirm = async (path: string, browser = new Browser(world.app)) => {
  const opened = await browser.get(path)
  if (opened.status !== 303) return { opened, answer: opened }
  const page = await browser.get(opened.location ?? '')
  return { opened, page, answer: await browser.post('/confirm-email', hiddenIn(page.html)) }
}
const joinElsewhere = (person: Person) =>
  addPerson(world.db, world.elsewhere, world.clock.now, { accountId: person.accountId ?? '' })

test('a stranger from another organization gets the same 404 as for nobody, and who lacks the right is refused', async () => {
  const pat = await world.add({ first: 'Pat' })
  for (const [who, path] of [
    [world.stella, `/o/${world.here.slug}/${at(pat, 'account')}`],
    [world.stella, at(pat, 'account')],
    [world.ana, at({ id: newId() }, 'account')],
  ] as const) {
    expect((await who.get(path)).status).toBe(404)
    for (const post of [path, `${path}/cancel`]) expect((await who.post(post, { version: '1' })).status).toBe(404)
  }
  const ed = await world.enter({ first: 'Ed', permissions: ['members.view', 'members.edit', 'members.access'] })
  for (const browser of [world.vera, world.gus, world.mia, ed]) {
    expect((await browser.get(at(pat, 'account'))).status).toBe(403)
    expect((await browser.post(at(pat, 'account'), { version: '1', username: 'x', email: pat.email })).status).toBe(403)
  }
})

test('nobody changes that of somebody above them, nor their own here', async () => {
  const cy = await world.enter({ first: 'Cy', permissions: ['members.view', 'members.credentials'] })
  for (const [who, whom] of [
    [cy, bea.person],
    [world.ana, world.ana.person],
  ] as const) {
    const answer = await who.post(at(whom, 'account'), { version: '1', username: '', email: address() })
    expect(answer.status).toBe(403)
  }
  expect((await ask(await world.add({ first: 'Pat' }), { username: name() }, cy)).status).toBe(303)
})

describe('a username', () => {
  test('works at once, in the table and the search, and the address stays', async () => {
    const pat = await world.add({ first: 'Pat' })
    const before = await accountOf(pat)
    const username = name('Pat.Ä')
    expect((await ask(pat, { username })).status).toBe(303)
    expect(await accountOf(pat)).toMatchObject({ username, email: before.email, new_email: null, version: 2 })
    const row = await rowOf(pat)
    expect([row.username_key, row.search.includes(username.toLowerCase().normalize('NFD').slice(0, 4))]).toEqual([
      username.toLowerCase(),
      true,
    ])
    expect((await world.ana.get(`members?q=${encodeURIComponent(username)}`)).html).toContain(`/${shortId(pat.id)}`)
    expect((await eventsOf(pat)).map((one) => [one.act, one.changes])).toEqual([['username.changed', {}]])
    // Taken off again, and sent a second time.
    expect((await ask(pat, { username: '' })).status).toBe(303)
    expect((await ask(pat, { username: '' })).status).toBe(303)
    expect((await accountOf(pat)).username).toBe(null)
    expect(await eventsOf(pat)).toHaveLength(2)
  })
  test('is said to be taken in whatever letters, beside the field, and not by whom', async () => {
    const username = name('taken')
    await addPerson(world.db, world.elsewhere, world.clock.now, { first: 'Zoe', last: 'Hidden', username })
    const pat = await world.add({ first: 'Pat' })
    const answer = await ask(pat, { username: username.toUpperCase() })
    expect([answer.status, answer.html.includes('id="username-error"')]).toEqual([422, true])
    expect(answer.html).toContain(`value="${username.toUpperCase()}"`)
    expect(answer.html).not.toMatch(/Hidden|North Sea/)
    expect(await accountOf(pat)).toMatchObject({ username: null, version: 1 })
  })
  test('is refused so often in an hour, and then nothing is said about any; a free one counts for nothing', async () => {
    const kim = await world.enter({ first: 'Kim', role: 'admin' })
    const taken = name('zed')
    await addPerson(world.db, world.elsewhere, world.clock.now, { first: 'Zed', username: taken })
    const pat = await world.add({ first: 'Pat' })
    for (let n = 0; n < 19; n++) expect((await ask(pat, { username: taken }, kim)).status).toBe(422)
    expect((await ask(pat, { username: name() }, kim)).status).toBe(303)
    expect((await ask(pat, { username: taken }, kim)).status).toBe(422)
    const { username } = await accountOf(pat)
    for (const asked of [taken, name()]) {
      const answer = await ask(pat, { username: asked }, kim)
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '3600'])
      expect(answer.text).toContain('Too many usernames that somebody has were tried')
      expect(answer.html).toContain(`value="${asked}"`)
    }
    expect((await accountOf(pat)).username).toBe(username)
    // Their email is no username; and everybody else goes on.
    expect((await ask(pat, { username: username ?? '', email: address() }, kim)).status).toBe(200)
    expect((await ask(await world.add({ first: 'Pat' }), { username: taken })).status).toBe(422)
  })

  test.each([
    ['an @', 'pat@example.org', 'can’t have an @'],
    ['too short', 'ab', '3 to 50 characters'],
    ['300 characters', 'x'.repeat(300), '3 to 50 characters'],
    ['a space', 'pat smith', 'letters, digits'],
    ['markup', '<b>pat</b>', 'letters, digits'],
  ])('%s is refused beside the field', async (_, username, sentence) => {
    const answer = await ask(world.mia.person, { username })
    expect([answer.status, answer.text.includes(sentence)]).toEqual([422, true])
  })
  test('of two organizations that give one at the same moment one does', async () => {
    const username = name('both')
    const [mine, theirs] = [
      await world.add({ first: 'Pat' }),
      await addPerson(world.db, world.elsewhere, world.clock.now, { first: 'Pit' }),
    ]
    const answers = await Promise.all([ask(mine, { username }), ask(theirs, { username }, world.stella)])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422])
  })
})

test('a new address is the account’s after its link was used, with every copy, and nothing is secret in what is stored', async () => {
  const pat = await signedIn(world, await world.add({ first: 'Pat', last: 'Moves' }), world.here)
  const person = pat.person
  await world.db
    .updateTable('account')
    .set({
      email_verified_at: world.clock.now,
      reset_generation: 3,
      reset_expires_at: new Date(world.clock.now.getTime() + minutes(20)),
    })
    .where('id', '=', person.accountId ?? '')
    .execute()
  const reset = `/reset-password/${signLink({ kind: 'reset', id: person.accountId ?? '', generation: 3, channel: 'copy' }, world.services.key)}`
  expect((await world.stranger.get(reset)).status).toBe(200)
  const email = address()
  const asked = await ask(person, { email })
  expect([asked.status, asked.headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect(asked.text).toContain('isn’t the address of Pat Moves yet')
  const link = onceIn(asked.html)
  expect(link).toMatch(/^http:\/\/localhost:3000\/confirm-email\//)
  expect([await lettersTo(email), await lettersTo(person.email)]).toEqual([
    ['email_confirmation'],
    ['email_change_asked'],
  ])
  // Until then nothing has changed, and the panel and the page say what waits.
  expect(await accountOf(person)).toMatchObject({ email: person.email, new_email: email })
  expect((await pat.get('members/me')).status).toBe(200)
  expect((await world.ana.get(`members/${shortId(person.id)}`)).text).toContain(
    `New email ${email}, waits to be confirmed`,
  )
  expect((await world.vera.get(`members/${shortId(person.id)}`)).text).not.toContain(email)
  expect((await world.ana.get(at(person, 'account'))).text).toContain(`${email} waits to be confirmed`)
  const stored = JSON.stringify([await eventsOf(person), await accountOf(person), world.log, [...world.ana.cookies]])
  expect(stored).not.toContain(link.split('.').at(-1))

  const path = new URL(link).pathname
  const other = new Browser(world.app)
  const opened = await other.get(path)
  expect([opened.location, opened.headers.get('referrer-policy')]).toEqual(['/confirm-email', 'no-referrer'])
  expect((await other.get('/confirm-email')).text).toContain(email)
  expect((await accountOf(person)).email).toBe(person.email)
  const { answer } = await confirm(path, other)
  expect([answer.status, answer.location]).toEqual([303, '/confirm-email/done'])
  expect(await accountOf(person)).toMatchObject({
    email,
    email_key: email,
    // A link that was copied doesn't prove the address.
    email_verified_at: null,
    new_email: null,
    new_email_by: null,
    reset_expires_at: null,
  })
  const row = await rowOf(person)
  expect(row).toMatchObject({ email, email_key: email, version: 2 })
  expect(row.search).toContain(email.split('@')[0])
  expect(row.search).not.toContain(person.email)
  expect((await pat.get('members/me')).location).toBe('/sign-in')
  expect((await world.stranger.get(reset)).status).toBe(404)
  expect([await lettersTo(email), await lettersTo(person.email)]).toEqual([
    ['email_confirmation', 'email_changed'],
    ['email_change_asked', 'email_changed'],
  ])
  expect((await eventsOf(person)).map((one) => [one.act, one.actor_id, one.organization_id, one.changes])).toEqual([
    ['email.change_asked', world.ana.person.accountId, world.here.id, {}],
    ['email.changed', person.accountId, world.here.id, {}],
  ])
  // Once.
  expect((await confirm(path)).answer.status).toBe(404)
  expect((await other.post('/confirm-email', { token: path.split('/').at(-1) ?? '' })).status).toBe(404)
})

test('a mailed link proves the address; whoever is signed in as the owner there stays so, by a session with a new id', async () => {
  const pat = await signedIn(world, await world.add({ first: 'Pat' }), world.here)
  const elsewhere = await signedIn(world, pat.person, world.here)
  const token = (await linkTo(pat.person, address())).split('/').at(-1)?.split('.') ?? []
  const mailed = signLink(
    { kind: 'email', id: token[0] ?? '', generation: Number(token[1]), channel: 'mail' },
    world.services.key,
  )
  const before = [...pat.cookies.values()].join()
  expect((await confirm(`/confirm-email/${mailed}`, pat)).answer.status).toBe(303)
  expect((await accountOf(pat.person)).email_verified_at).toEqual(world.clock.now)
  expect([...pat.cookies.values()].join()).not.toBe(before)
  expect((await pat.get('members/me')).status).toBe(200)
  expect((await elsewhere.get('members/me')).location).toBe('/sign-in')
  expect(await sessionsOf(pat.person)).toBe(1)
})

test('the link works for 60 minutes, and only the last of several', async () => {
  const start = world.clock.now
  try {
    const pat = await world.add({ first: 'Pat' })
    const first = await linkTo(pat, address())
    const last = await linkTo(pat, address())
    expect((await world.stranger.get(first)).status).toBe(404)
    world.clock.pass(minutes(60) - 1)
    expect((await world.stranger.get(last)).status).toBe(303)
    world.clock.pass(1)
    expect((await world.stranger.get(last)).status).toBe(404)
    for (const bad of ['abc', `${newId()}.1.abc`, last.split('/').at(-1)?.replace(/.$/, '') ?? ''])
      expect((await world.stranger.get(`/confirm-email/${bad}`)).status).toBe(404)
  } finally {
    world.clock.now = start
  }
})

test('what waits is canceled, and its link stops; a username given meanwhile leaves it waiting', async () => {
  const pat = await world.add({ first: 'Pat' })
  const path = await linkTo(pat, address())
  expect((await ask(pat, { username: name() })).status).toBe(303)
  expect((await world.stranger.get(path)).status).toBe(303)
  const page = await world.ana.get(at(pat, 'account'))
  const hidden = { version: hiddenIn(page.html).version ?? '' }
  expect((await world.ana.post(at(pat, 'account/cancel'), hidden)).status).toBe(303)
  expect((await world.stranger.get(path)).status).toBe(404)
  expect((await world.ana.post(at(pat, 'account/cancel'), hidden)).status).toBe(403)
  expect((await accountOf(pat)).new_email).toBe(null)
  expect((await eventsOf(pat)).at(-1)?.act).toBe('email.change_canceled')
})

describe('an address that is taken', () => {
  test('elsewhere is asked for as any other, in the same words, and its link never works', async () => {
    const theirs = await addPerson(world.db, world.elsewhere, world.clock.now, { first: 'Zoe' })
    const [one, two] = [await world.add({ first: 'Pat' }), await world.add({ first: 'Pat' })]
    const free = address()
    const [taken, other] = [await ask(one, { email: theirs.email.toUpperCase() }), await ask(two, { email: free })]
    const plain = (html: string, email: string, person: Person) =>
      html.replace(onceIn(html), '').replaceAll(email, ':email').replaceAll(shortId(person.id), ':id')
    expect(plain(taken.html, theirs.email.toUpperCase(), one)).toBe(plain(other.html, free, two))
    expect((await confirm(new URL(onceIn(taken.html)).pathname)).answer.status).toBe(404)
    expect((await accountOf(one)).email).toBe(one.email)
  })
  test('here is said so beside the field', async () => {
    const pat = await world.add({ first: 'Pat' })
    const invited = await world.add({ first: 'Ida', invited: true })
    for (const { email } of [world.ian.person, invited]) {
      const answer = await ask(pat, { email: email.toUpperCase() })
      expect([answer.status, answer.html.includes('id="email-error"')]).toEqual([422, true])
    }
    expect((await accountOf(pat)).version).toBe(1)
  })
  test('by the time it is confirmed is not taken twice, here or elsewhere', async () => {
    for (const base of [world.here, world.elsewhere]) {
      const pat = await world.add({ first: 'Pat' })
      const email = address()
      const path = await linkTo(pat, email)
      const browser = new Browser(world.app)
      const page = await browser.get((await browser.get(path)).location ?? '')
      await addPerson(world.db, base, world.clock.now, { first: 'Quick', email, invited: base === world.here })
      expect((await browser.post('/confirm-email', hiddenIn(page.html))).status).toBe(404)
      expect((await accountOf(pat)).email).toBe(pat.email)
    }
  })
  test('of two who confirm it at the same moment one gets it', async () => {
    const people = [await world.add({ first: 'Pat' }), await world.add({ first: 'Pit' })]
    const email = address()
    const paths = await Promise.all(people.map((person) => linkTo(person, email)))
    const answers = await Promise.all(paths.map((path) => confirm(path)))
    expect(answers.map(({ answer }) => answer.status).sort()).toEqual([303, 404])
    const now = await Promise.all(people.map(accountOf))
    expect(now.filter((one) => one.email === email)).toHaveLength(1)
  })
})

describe('two organizations that share a person', () => {
  test('neither changes the account, nor is the entry offered; each still sends a reset link', async () => {
    const pat = await world.add({ first: 'Pat' })
    const there = await joinElsewhere(pat)
    const before = await accountOf(pat)
    for (const [admin, person] of [
      [world.ana, pat],
      [world.stella, there],
    ] as const) {
      expect((await admin.get(`members/${shortId(person.id)}`)).html).not.toContain('/account')
      const fields = { version: '1', username: name(), email: address() }
      for (const asked of [admin.get(at(person, 'account')), admin.post(at(person, 'account'), fields)]) {
        const answer = await asked
        expect([answer.status, answer.text.includes('a member elsewhere too')]).toEqual([403, true])
      }
      expect((await admin.post(at(person, 'account/cancel'), { version: '1' })).status).toBe(403)
      expect((await admin.get(at(person, 'reset-link'))).status).toBe(200)
    }
    expect(await accountOf(pat)).toEqual(before)
  })
  test('who joins the second between link and confirmation keeps the address: the link stops', async () => {
    const pat = await world.add({ first: 'Pat' })
    const path = await linkTo(pat, address())
    const browser = new Browser(world.app)
    const page = await browser.get((await browser.get(path)).location ?? '')
    await joinElsewhere(pat)
    expect((await browser.post('/confirm-email', hiddenIn(page.html))).status).toBe(404)
    expect((await accountOf(pat)).email).toBe(pat.email)
  })
  test('managing ends with the membership and goes to the organization that is left', async () => {
    const pat = await world.add({ first: 'Pat' })
    const path = await linkTo(pat, address())
    const there = await joinElsewhere(pat)
    expect((await act(world.ana, pat, 'remove', { reason: '' })).status).toBe(303)
    // What the first asked for isn't what the second manages.
    expect((await confirm(path)).answer.status).toBe(404)
    expect((await world.ana.get(at(pat, 'account'))).status).toBe(403)
    expect((await world.stella.get(at(there, 'account'))).text).not.toContain('waits to be confirmed')
    expect((await ask(there, { username: name() }, world.stella)).status).toBe(303)
    expect((await accountOf(pat)).username).not.toBe(null)
  })
})

test('a link doesn’t work for who is removed or blocked meanwhile, or has another password', async () => {
  const account = (person: Person) => world.db.updateTable('account').where('id', '=', person.accountId ?? '')
  const meanwhile: Record<string, (person: Person) => Promise<unknown>> = {
    removed: (person) => act(world.ana, person, 'remove', { reason: '' }),
    blocked: (person) => account(person).set({ blocked_at: world.clock.now }).execute(),
    'given a password': (person) => act(world.ana, person, 'password', { how: 'generated' }),
  }
  for (const [what, happens] of Object.entries(meanwhile)) {
    const pat = await world.add({ first: 'Pat' })
    const path = await linkTo(pat, address())
    const browser = new Browser(world.app)
    const page = await browser.get((await browser.get(path)).location ?? '')
    await happens(pat)
    const answer = await browser.post('/confirm-email', hiddenIn(page.html))
    expect([what, answer.status]).toEqual([what, 404])
    expect((await accountOf(pat)).email).toBe(pat.email)
    if (what === 'blocked') {
      await account(pat).set({ blocked_at: null }).execute()
      expect((await confirm(path)).answer.status).toBe(303)
    }
  }
})

test('of two Admins at once the second is told, with what they typed; pressed twice, one change waits', async () => {
  const pat = await world.add({ first: 'Pat' })
  const email = address()
  const hidden = hiddenIn((await world.ana.get(at(pat, 'account'))).html)
  const answers = await Promise.all(
    [world.ana, bea, world.ana, bea].map((admin) => admin.post(at(pat, 'account'), { ...hidden, username: '', email })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
  const late = answers.find(({ status }) => status === 409)
  expect(late?.html).toContain(`value="${email}"`)
  expect(late?.html).toContain('name="version" value="2"')
  expect(await lettersTo(email)).toEqual(['email_confirmation'])
})

test('one link, pressed six times at once, changes the address once', async () => {
  const pat = await world.add({ first: 'Pat' })
  const path = await linkTo(pat, address())
  const answers = await Promise.all(Array.from({ length: 6 }, () => confirm(path)))
  expect(answers.filter(({ answer }) => answer.status === 303)).toHaveLength(1)
  expect((await eventsOf(pat)).filter((one) => one.act === 'email.changed')).toHaveLength(1)
})

test('six addresses in an hour are too many for one person', async () => {
  const pat = await world.add({ first: 'Pat' })
  for (let n = 0; n < 5; n++) expect((await ask(pat, { email: address() })).status).toBe(200)
  expect((await ask(pat, { email: address() })).status).toBe(429)
})

test('what isn’t typed in this form is refused, and no address', async () => {
  const { mia } = world
  const fields = { version: '1', username: '', email: mia.person.email }
  for (const field of ['password_hash', 'email_verified_at', 'role'])
    expect((await world.ana.post(at(mia.person, 'account'), { ...fields, [field]: 'x' })).status).toBe(400)
  for (const email of ['', 'nobody', 'a b@example.org', `${'x'.repeat(300)}@example.org`])
    expect((await ask(mia.person, { email })).status).toBe(422)
  const { rows } = await sql`select from account where id = ${mia.person.accountId} and version = 1`.execute(world.db)
  expect(rows).toHaveLength(1)
})
