import { beforeAll, describe, expect, inject, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { forgetOldTries, type Limit, limitKey } from '../../src/platform/web/limits.ts'
import { hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { connectTo } from '../support/database.ts'
import { Lynx } from '../support/lynx.ts'
import { unique } from '../support/unique.ts'
import { hours, makeCustomRole, makeGroup, organization, signedIn } from '../support/world.ts'
import { allowOnly } from './invited.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

type Fields = Record<string, string | string[]>
const fields = (addresses: string, more: Fields = {}): Fields => ({
  key: newId(),
  addresses,
  role: 'member',
  group: shortId(world.here.defaultGroup),
  days: '7',
  message: '',
  ...more,
})
/** Pastes a list; gives where it is checked. */
const pasted = async (who: Browser, addresses: string, more: Fields = {}) =>
  (await who.post('invitations/new/several', fields(addresses, more))).location ?? ''
const confirm = async (who: Browser, at: string, more: Fields = {}) => {
  const { version = '1' } = hiddenIn((await who.get(at)).html)
  return who.post(at, { version, ...more })
}
const made = async (like: string, of = world) =>
  (
    await of.db
      .selectFrom('invitation')
      .select('email')
      .where('organization_id', '=', of.here.id)
      .where('email_key', 'like', like)
      .orderBy('email')
      .execute()
  ).map(({ email }) => email)
const lettersTo = (like: string) =>
  world.db.selectFrom('mail').select(['template', 'to_address']).where('to_address', 'like', like).execute()

test('Stella finds nothing of a list, nor does another Admin; Vera may not', async () => {
  const at = await pasted(world.ana, `a@${unique()}.example`)
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  for (const [who, status] of [
    [world.stella, 404],
    [bea, 404],
    [world.vera, 403],
  ] as const)
    for (const [path, form] of [
      [at, { version: '1' }],
      [`${at}/list`, { addresses: 'x@example.org' }],
    ] as const) {
      expect([path, (await who.get(path)).status]).toEqual([path, status])
      expect([path, (await who.post(path, form)).status]).toEqual([path, status])
    }
  expect((await world.ana.get(at.replace(/[^/]+$/, shortId(newId())))).status).toBe(404)
})

test('Ana pastes a list: each line has its outcome, nothing is sent before Confirm, then the good ones are', async () => {
  const { ana } = world
  const domain = `${unique()}.example`
  await ana.post('invitations/new', {
    key: newId(),
    email: `old@${domain}`,
    first_name: 'Otto',
    last_name: '',
    role: 'member',
    group: shortId(world.here.defaultGroup),
    days: '7',
    message: '',
  })
  const lynx = new Lynx(ana)
  await lynx.open(ana.url('invitations/new'))
  await lynx.follow('Invite several')
  expect(lynx.page.html).toContain('<textarea')
  const text = [
    `Nimali Wije <nimali@${domain}>`,
    `NIMALI@${domain.toUpperCase()}`,
    `"Do, Cy" <cy@${domain}>, Bo Be bo@${domain};`,
    `old@${domain}`,
    world.mia.person.email,
    'not an address',
    'sue@gmial.com',
  ].join('\r\n')
  const at = await pasted(ana, text, { message: 'Hello\nall' })
  const page = await ana.get(at)
  expect(page.text).toContain('Invite 3 people?')
  for (const words of [
    `nimali@${domain} Nimali Wije Will be invited`,
    `NIMALI@${domain.toUpperCase()} Twice in the list`,
    `cy@${domain} Cy Do Will be invited`,
    `bo@${domain} Bo Be Will be invited`,
    `old@${domain} Was invited already`,
    `${world.mia.person.email} Is a member already: Mia Member`,
    'not an address No right address',
    'sue@gmial.com Domain looks like another one gmial.com looks like gmail.com',
  ])
    expect(page.text).toContain(words)
  expect(page.text).toContain('Not invited: 4 people of the list')
  expect(await made(`%@${domain}`)).toEqual([`old@${domain}`])

  const sent = await confirm(ana, at)
  expect([sent.status, sent.location]).toEqual([303, at])
  const done = await ana.get(at)
  expect(done.text).toContain('3 invitations made')
  expect(done.text).toContain('sue@gmial.com Domain looks like another one')
  expect(await made(`%@${domain}`)).toEqual([`bo@${domain}`, `cy@${domain}`, `nimali@${domain}`, `old@${domain}`])
  expect((await lettersTo(`%@${domain}`)).filter(({ template }) => template === 'invitation')).toHaveLength(4)
  const [one] = await world.db
    .selectFrom('invitation')
    .selectAll()
    .where('email_key', '=', `cy@${domain}`)
    .where('organization_id', '=', world.here.id)
    .execute()
  expect(one).toMatchObject({ first_name: 'Cy', last_name: 'Do', message: 'Hello\nall', sender_name: 'Ana Admin' })
  const events = await world.db
    .selectFrom('event')
    .select('act')
    .where('subject_id', '=', one?.id ?? '')
    .execute()
  expect(events).toEqual([{ act: 'invitation.sent' }])
  // What was typed isn't kept.
  const draft = await world.db.selectFrom('draft').select('data').where('kind', '=', 'several').execute()
  expect(JSON.stringify(draft)).not.toContain(`cy@${domain}`)
})

describe('sent twice', () => {
  test('twenty presses at once, and one later, send each once', async () => {
    const domain = `${unique()}.example`
    const at = await pasted(world.ana, `a@${domain}, b@${domain}`)
    const { version = '' } = hiddenIn((await world.ana.get(at)).html)
    const all = await Promise.all(Array.from({ length: 20 }, () => world.ana.post(at, { version })))
    expect(new Set(all.map(({ status, location }) => `${status} ${location}`))).toEqual(new Set([`303 ${at}`]))
    expect((await world.ana.post(at, { version })).location).toBe(at)
    expect(await made(`%@${domain}`)).toHaveLength(2)
    expect(await lettersTo(`%@${domain}`)).toHaveLength(2)
  })
  test('three hundred pasted twice: a hundred go out, and the second time nothing changes', async () => {
    const domain = `${unique()}.example`
    const text = Array.from({ length: 300 }, (_, n) => `P${n} <p${n}@${domain}>`).join('\n')
    const first = await pasted(world.ana, text)
    expect((await world.ana.get(first)).text).toContain('Beyond the first 100')
    const started = performance.now()
    expect((await confirm(world.ana, first)).status).toBe(303)
    expect(performance.now() - started).toBeLessThan(5000)
    expect(await made(`%@${domain}`)).toHaveLength(100)
    const second = await pasted(world.ana, text)
    expect((await world.ana.get(second)).text).toContain('Nobody in this list can be invited')
    expect((await world.ana.post(second, { version: '1' })).status).toBe(422)
    expect(await made(`%@${domain}`)).toHaveLength(100)
    expect(await lettersTo(`%@${domain}`)).toHaveLength(100)
  })
  test('the first form again, with another list: a new one begins and says so', async () => {
    const domain = `${unique()}.example`
    const form = fields(`a@${domain}`)
    const first = await world.ana.post('invitations/new/several', form)
    // Before Confirm the same form is the same list.
    const again = await world.ana.post('invitations/new/several', { ...form, addresses: `b@${domain}` })
    expect(again.location).toBe(first.location)
    await confirm(world.ana, first.location ?? '')
    expect(await made(`%@${domain}`)).toEqual([`b@${domain}`])
    const late = await world.ana.post('invitations/new/several', { ...form, addresses: `c@${domain}` })
    expect([late.status, late.text.includes('has sent invitations already')]).toEqual([422, true])
    expect(late.html).toContain(`c@${domain}`)
  })
  test('two Admins paste the same people and confirm at once: each person gets one', async () => {
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    const domain = `${unique()}.example`
    const text = Array.from({ length: 10 }, (_, n) => `p${n}@${domain}`).join()
    const both = [await pasted(world.ana, text), await pasted(bea, text)]
    const answers = await Promise.all([
      world.ana.post(both[0] ?? '', { version: '1' }),
      bea.post(both[1] ?? '', { version: '1' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422])
    expect(await made(`%@${domain}`)).toHaveLength(10)
  })
})

describe('a list is judged when it is confirmed', () => {
  test('who joined meanwhile is left out, and so is a domain that isn’t allowed anymore', async () => {
    const of = await organization()
    const [one, two] = [`${unique()}.example`, `${unique()}.example`]
    const at = await pasted(of.ana, `a@${one}, b@${one}, c@${two}`, { group: shortId(of.here.defaultGroup) })
    await of.add({ first: 'Al', email: `a@${one}` })
    await allowOnly(of, one)
    expect((await of.ana.post(at, { version: '1' })).status).toBe(303)
    const done = await of.ana.get(at)
    expect(done.text).toContain('1 invitation made')
    expect(done.text).toContain(`a@${one} Is a member already`)
    expect(done.text).toContain(`c@${two} Domain not allowed`)
    expect(await made('%', of)).toEqual([`b@${one}`])
  })
  test('a group that went, or a right that went, sends nothing', async () => {
    const { db, here } = world
    const domain = `${unique()}.example`
    const group = await makeGroup(db, here.id, `Short-lived ${newId()}`)
    const at = await pasted(world.ana, `a@${domain}`, { group: shortId(group) })
    await db.deleteFrom('member_group').where('id', '=', group).execute()
    const answer = await world.ana.post(at, { version: '1' })
    expect([answer.status, answer.text.includes('This group isn’t there anymore')]).toEqual([422, true])
    const kay = await world.enter({ first: 'Kay', permissions: ['members.invite', 'claims.view'] })
    const theirs = await pasted(kay, `b@${domain}`, { permission: ['claims.view'] })
    const held = db.deleteFrom('membership_permission').where('organization_id', '=', here.id)
    await held.where('membership_id', '=', kay.person.id).where('permission', '=', 'claims.view').execute()
    expect((await kay.post(theirs, { version: '1' })).status).toBe(422)
    await held.where('membership_id', '=', kay.person.id).execute()
    expect((await kay.post(theirs, { version: '1' })).status).toBe(403)
    expect(await made(`%@${domain}`)).toEqual([])
  })
  test('what was changed in another window is looked at first', async () => {
    const domain = `${unique()}.example`
    const at = await pasted(world.ana, `a@${domain}`)
    const { version = '' } = hiddenIn((await world.ana.get(at)).html)
    const { key: _, ...change } = fields(`b@${domain}`)
    expect((await world.ana.get(`${at}/list`)).html).toContain(`a@${domain}</textarea>`)
    expect((await world.ana.post(`${at}/list`, change)).location).toBe(at)
    expect((await world.ana.post(at, { version })).status).toBe(409)
    expect((await confirm(world.ana, at)).status).toBe(303)
    expect(await made(`%@${domain}`)).toEqual([`b@${domain}`])
  })
  test('look-alikes go only with a second look', async () => {
    const local = unique()
    const at = await pasted(world.ana, `${local}@gmial.com`)
    expect((await confirm(world.ana, at)).status).toBe(422)
    expect((await confirm(world.ana, at, { anyway: 'on' })).status).toBe(303)
    expect(await made(`${local}@%`)).toEqual([`${local}@gmial.com`])
  })
  test('after a day it is over', async () => {
    const domain = `${unique()}.example`
    const of = await organization()
    const at = await pasted(of.ana, `a@${domain}`, { group: shortId(of.here.defaultGroup) })
    of.clock.pass(hours(24))
    const later = await signedIn(of, of.ana.person, of.here)
    for (const answer of [await later.get(at), await later.post(at, { version: '1' }), await later.get(`${at}/list`)])
      expect([answer.status, answer.text.includes('nobody was invited')]).toEqual([410, true])
  })
})

describe('what a list may hold', () => {
  test('nothing, too much, and what no form of ours sends', async () => {
    for (const [addresses, why] of [
      ['', 'Paste at least one address'],
      [' \n ', 'Paste at least one address'],
      ['x'.repeat(60_001), 'The list can have at most 60000 characters'],
      ['\u0000', 'Remove the control characters'],
    ] as const) {
      const answer = await world.ana.post('invitations/new/several', fields(addresses))
      expect([why, answer.status, answer.text.includes(why)]).toEqual([why, 422, true])
    }
    expect((await world.ana.post('invitations/new/several', fields('x'.repeat(1_100_000)))).status).toBe(413)
    expect((await world.ana.post('invitations/new/several', fields('a@b.example', { status: 'active' }))).status).toBe(
      400,
    )
  })
  test('sixty kilobytes of whatever are answered', async () => {
    for (const addresses of ['<'.repeat(60_000), '"'.repeat(60_000), 'a@b,'.repeat(15_000), '@\n'.repeat(30_000)]) {
      const at = await pasted(world.ana, addresses)
      const page = await world.ana.get(at)
      expect([addresses.slice(0, 3), page.status]).toEqual([addresses.slice(0, 3), 200])
      expect(page.bytes.length).toBeLessThan(150_000)
    }
    expect(world.log).toEqual([])
  })
  test('what is in it is text', async () => {
    const at = await pasted(
      world.ana,
      `"<img src=x onerror=alert(1)>" <a@${unique()}.example>\n<script>alert(2)</script>`,
    )
    const page = await world.ana.get(at)
    expect(page.html).not.toMatch(/<img|<script>alert/)
  })
  test('Gus invites several into his own group, and nothing else', async () => {
    const domain = `${unique()}.example`
    const { role: _, group: __, ...own } = fields(`a@${domain}, b@${domain}`)
    expect((await world.gus.post('invitations/new/several', fields(`a@${domain}`))).status).toBe(400)
    const { location } = await world.gus.post('invitations/new/several', own)
    expect((await confirm(world.gus, location ?? '')).status).toBe(303)
    const rows = await world.db
      .selectFrom('membership')
      .select(['group_id', 'organization_role'])
      .where('organization_id', '=', world.here.id)
      .where('email_key', 'like', `%@${domain}`)
      .execute()
    expect(rows).toEqual(Array(2).fill({ group_id: world.intake, organization_role: 'member' }))
  })
})

test('where approval is asked for, they wait: no letter to them, one to each who may approve, and it says how many', async () => {
  const of = await organization()
  await of.db.updateTable('organization').set({ invitation_approval: 'always' }).where('id', '=', of.here.id).execute()
  const bea = await of.add({ first: 'Bea', role: 'admin' })
  const domain = `${unique()}.example`
  const at = await pasted(of.ana, `a@${domain}, b@${domain}, c@${domain}`, { group: shortId(of.here.defaultGroup) })
  expect((await of.ana.get(at)).text).toContain('It waits for somebody’s approval first')
  await confirm(of.ana, at)
  expect((await of.ana.get(at)).text).toContain('3 invitations now wait for approval')
  const mails = await of.db
    .selectFrom('mail')
    .select(['template', 'to_address', 'data'])
    .where('organization_id', '=', of.here.id)
    .execute()
  expect(mails).toMatchObject([{ template: 'approval_asked', to_address: bea.email, data: { invitations: 3 } }])
})

test('a list of a hundred is at most four exchanges with the database to send, three to look at', async () => {
  const sent: string[] = []
  const database = connectTo(inject('shared'), { onQuery: (text) => sent.push(text) })
  const of = await organization({ database })
  const role = await makeCustomRole(of.db, of.here.id, 'Lead', ['claims.view'])
  const text = Array.from({ length: 100 }, (_, n) => `p${n}@${unique()}.example`).join('\n')
  await of.ana.get('invitations/new/several')
  const count = async (work: () => Promise<{ status: number }>) => {
    sent.length = 0
    const { status } = await work()
    return [status, sent.length]
  }
  const more = { group: shortId(of.here.defaultGroup), custom_role: [shortId(role)], permission: ['claims.edit'] }
  let at = ''
  expect(
    await count(async () => {
      const answer = await of.ana.post('invitations/new/several', fields(text, more))
      at = answer.location ?? ''
      return answer
    }),
  ).toEqual([303, 3])
  expect(await count(() => of.ana.get(at))).toEqual([200, 3])
  expect(await count(() => of.ana.post(at, { version: '1' }))).toEqual([303, 4])
  expect(await count(() => of.ana.get(at))).toEqual([200, 2])
  expect(await made('%', of)).toHaveLength(100)
  await database.close()
})

describe('a member invites so many people an hour, an organization so many a day', () => {
  const people = (count: number) => Array.from({ length: count }, () => `p@${unique()}.example`).join('\n')
  const group = (of: typeof world) => ({ group: shortId(of.here.defaultGroup) })
  const send = async (of: typeof world, who: Browser, count: number) =>
    confirm(who, await pasted(who, people(count), group(of)))
  const one = (of: typeof world, who: Browser, more: Fields = {}) =>
    who.post('invitations/new', {
      key: newId(),
      email: `one.${unique()}@example.org`,
      role: 'member',
      days: '7',
      first_name: 'Nora',
      last_name: '',
      message: 'Welcome aboard',
      ...group(of),
      ...more,
    })

  test('three lists of a hundred, and then none until the hour is over; what was typed stays', async () => {
    const of = await organization()
    const bea = await of.enter({ first: 'Bea', role: 'admin' })
    for (let n = 0; n < 2; n++) expect((await send(of, of.ana, 100)).status).toBe(303)
    of.clock.pass(hours(0.5))
    expect((await send(of, of.ana, 88)).status).toBe(303)
    expect((await one(of, of.ana)).status).toBe(303)

    const at = await pasted(of.ana, people(12), group(of))
    const refused = await confirm(of.ana, at)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1800'])
    expect(refused.text).toContain('300 people an hour, and 11 of them are left now: this would be 12')
    expect(refused.text).toContain('Send it again in 30 minutes, or make it at most 11')
    expect(refused.text).toContain('Invite 12 people?')
    expect(await made('%', of)).toHaveLength(289)
    expect((await send(of, of.ana, 11)).status).toBe(303)

    const typed = await one(of, of.ana, { email: 'late@example.org' })
    expect([typed.status, typed.text]).toEqual([429, expect.stringContaining('none is left now')])
    expect(typed.html).toContain('value="late@example.org"')
    expect(typed.html).toContain('Welcome aboard')
    // Somebody else’s hour is their own; and so is the next one.
    expect((await one(of, bea)).status).toBe(303)
    of.clock.pass(hours(0.5) - 1)
    expect((await confirm(of.ana, at)).status).toBe(429)
    of.clock.pass(1)
    expect((await confirm(of.ana, at)).status).toBe(303)
    expect(await made('%', of)).toHaveLength(300 + 1 + 12)
  })

  test('adding somebody counts like inviting them', async () => {
    const of = await organization()
    for (const count of [100, 100, 99]) expect((await send(of, of.ana, count)).status).toBe(303)
    const added = async () => {
      const { key = '' } = hiddenIn((await of.ana.get('members/new')).html)
      const { location } = await of.ana.post('members/new', { key, email: `add.${unique()}@example.org` })
      const at = location?.replace(/\/name$/, '') ?? ''
      const contact = { title: '', cell_phone: '', office_phone: '', extension: '' }
      await of.ana.post(`${at}/name`, { first_name: 'New', last_name: '', ...contact })
      await of.ana.post(`${at}/how`, { how: 'now' })
      await of.ana.post(`${at}/access`, { role: 'member', ...group(of) })
      return of.ana.post(`${at}/confirm`, { ...hiddenIn((await of.ana.get(`${at}/confirm`)).html), how: 'link' })
    }
    expect((await added()).status).toBe(303)
    const refused = await added()
    expect([refused.status, refused.text]).toEqual([429, expect.stringContaining('none is left now')])
    expect((await one(of, of.ana)).status).toBe(429)
  })

  test('of two lists at the same moment only what there is room for is sent, whichever comes first', async () => {
    const of = await organization()
    for (let n = 0; n < 2; n++) await send(of, of.ana, 100)
    const lists = await Promise.all([70, 80, 90].map((count) => pasted(of.ana, people(count), group(of))))
    const answers = await Promise.all(lists.map((at) => confirm(of.ana, at)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 429, 429])
    const count = (await made('%', of)).length - 200
    expect([70, 80, 90]).toContain(count)
  })

  test('an organization’s day is over for all of its members alike, and its counter outlives the hourly clearing', async () => {
    const of = await organization()
    expect((await send(of, of.ana, 100)).status).toBe(303)
    const counter = limitKey(of.services.key, { kind: 'invited' } as Limit, of.here.id)
    await of.db.updateTable('try_count').set({ count: 1995 }).where('key', '=', counter).execute()
    of.clock.pass(hours(2))
    await forgetOldTries(of.db, of.clock.now)
    const bea = await of.enter({ first: 'Bea', role: 'admin' })
    const refused = await send(of, bea, 6)
    expect([refused.status, refused.text]).toEqual([
      429,
      expect.stringContaining('2,000 people a day, and 5 of them are left now: this would be 6'),
    ])
    expect(refused.text).toContain('Send it again in 22 hours')
    expect((await send(of, bea, 5)).status).toBe(303)
    expect((await one(of, bea)).status).toBe(429)
    of.clock.pass(hours(22))
    expect((await one(of, await signedIn(of, bea.person, of.here))).status).toBe(303)
  })
})
