import { beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/platform/ids.ts'
import { signLink } from '../../src/platform/links.ts'
import { Browser } from '../support/browser.ts'
import { Lynx } from '../support/lynx.ts'
import { days, hours, organization } from '../support/world.ts'
import { chosen, elsewhere, invite, joinAnew, opening, type World } from './invited.ts'

let world: World
beforeAll(async () => {
  world = await organization()
})

/** The answer with what is in it of the token itself taken out. */
const faceOf = ({ status, html, headers }: { status: number; html: string; headers: Headers }) =>
  [
    status,
    ...[...headers].filter(([name]) => name !== 'set-cookie').map(([name, value]) => `${name}: ${value}`),
    html.replace(/name="token" value="[^"]*"/, ''),
  ].join('\n')

test('every link that doesn’t work leads to one and the same page (R-18)', async () => {
  const used = await invite(world)
  await joinAnew(world, used.link())
  const revoked = await invite(world)
  await world.db.updateTable('invitation').set({ status: 'revoked' }).where('id', '=', revoked.id).execute()
  const declined = await invite(world)
  const other = await opening(world, declined.link())
  await other.browser.post('/join/decline', {})
  const waiting = await invite(world, { status: 'pending_approval' })
  const resent = await invite(world)
  await world.db.updateTable('invitation').set({ generation: 2 }).where('id', '=', resent.id).execute()
  const expired = await invite(world, { validity: -1 })
  const copied = await invite(world, { copier: world.mia.person.id })
  const good = await invite(world)
  const [id = '', generation = '', signature = ''] = good.tokenOf().split('.')
  const altered = (text: string, n: number) => `${text.slice(0, n)}${text[n] === 'b' ? 'c' : 'b'}${text.slice(n + 1)}`
  const links = [
    used.link(),
    revoked.link(),
    declined.link(),
    waiting.link(),
    resent.link(),
    expired.link(),
    copied.link('copy'),
    // The same invitation’s link for other purposes, and somebody else’s signature.
    `/join/${signLink({ kind: 'reset', id: good.id, generation: 1, channel: 'mail' }, world.services.key)}`,
    `/join/${signLink({ kind: 'invitation', id: newId(), generation: 1, channel: 'mail' }, world.services.key)}`,
    `/join/${id}.${generation}.${used.tokenOf().split('.')[2]}`,
    `/join/${altered(id, 3)}.${generation}.${signature}`,
    `/join/${id}.2.${signature}`,
    `/join/${id}.01.${signature}`,
    ...[0, 20, signature.length - 1].map((n) => `/join/${id}.${generation}.${altered(signature, n)}`),
    `/join/${id}.${generation}.${signature}x`,
    `/join/${id}.${generation}`,
    '/join/x',
    `/join/${'x'.repeat(2000)}`,
  ]
  const faces = new Set<string>()
  for (const link of links) {
    const { first, page, browser } = await opening(world, link)
    expect([link, first.status, first.location]).toEqual([link, 303, '/join'])
    expect(first.headers.get('referrer-policy')).toBe('no-referrer')
    expect([link, page.status]).toEqual([link, 410])
    faces.add(faceOf(page))
    faces.add(faceOf(await browser.post('/join', chosen)))
    faces.add(faceOf(await browser.get('/join/decline')))
    faces.add(faceOf(await browser.post('/join/decline', {})))
  }
  expect(faces.size).toBe(1)
  for (const word of ['Harbor', 'Ana', 'Nora', '@']) expect([...faces][0]).not.toContain(word)
  expect((await opening(world, good.link())).page.status).toBe(200)
  expect((await new Browser(world.app).get('/join')).status).toBe(410)
})

test('it works until the very instant of its end (R-18)', async () => {
  for (const [late, status] of [
    [-1, 303],
    [0, 410],
    [1, 410],
  ] as const) {
    const own = await organization()
    const inv = await invite(own)
    const { browser } = await opening(own, inv.link())
    own.clock.pass(days(7) + late)
    expect((await browser.get('/join')).status).toBe(status === 303 ? 200 : 410)
    expect((await browser.post('/join', chosen)).status).toBe(status)
    expect((await inv.now()).status).toBe(status === 303 ? 'active' : 'pending_activation')
  }
})

test('a mail scanner that opens it first, by GET and HEAD, takes nothing from the person; it is noted once', async () => {
  const inv = await invite(world)
  const before = await inv.now()
  const scanner = new Browser(world.app)
  for (let n = 0; n < 3; n++) {
    for (const method of ['HEAD', 'GET']) {
      expect((await scanner.send(method, inv.link())).status).toBe(303)
      expect((await scanner.send(method, '/join')).status).toBe(200)
      expect((await scanner.send(method, '/join/decline')).status).toBe(200)
    }
    world.clock.pass(1000)
  }
  expect(await inv.events()).toEqual(['invitation.opened'])
  expect(await inv.now()).toEqual({ ...before, opened_at: expect.any(Date) })
  expect(await inv.account()).toBeUndefined()
  expect((await joinAnew(world, inv.link())).answer.status).toBe(303)
})

test('a link that doesn’t work anymore isn’t noted as opened', async () => {
  const inv = await invite(world, { validity: -1 })
  await opening(world, inv.link())
  await opening(world, inv.link('mail', 0))
  expect(await inv.events()).toEqual([])
})

test('after it was sent again the new link works, and the old one doesn’t', async () => {
  const inv = await invite(world)
  const old = await opening(world, inv.link())
  await world.db.updateTable('invitation').set({ generation: 2 }).where('id', '=', inv.id).execute()
  expect((await old.browser.post('/join', chosen)).status).toBe(410)
  expect((await joinAnew(world, inv.link('mail', 2))).answer.status).toBe(303)
})

test('two tabs with two invitations: each form is about its own', async () => {
  const [one, two] = [
    await invite(world),
    await invite(world, { organization: world.elsewhere, by: world.stella.person.id }),
  ]
  const { browser } = await opening(world, one.link())
  await opening(world, two.link(), browser)
  const answer = await browser.post('/join', { ...chosen, token: one.tokenOf() })
  expect(answer.location).toBe(`/o/${world.here.slug}`)
  expect((await two.now()).status).toBe('pending_activation')
})

test('who was told that it doesn’t work asks for a new one: the organization learns of it once a day', async () => {
  const own = await organization()
  const inv = await invite(own, { validity: -1 })
  const lynx = new Lynx(new Browser(own.app))
  await lynx.open(inv.link())
  const asked = await lynx.press('Ask for a new one')
  expect(lynx.address).toBe('/join/asked')
  expect(await inv.letters()).toEqual([['invitation_link_asked', own.ana.person.email]])
  const again = async (token: string, browser = new Browser(own.app)) => {
    const sent = await browser.post('/join/ask', { token })
    expect(sent).toMatchObject({ status: 303, location: '/join/asked' })
    expect((await browser.get('/join/asked')).html).toBe(asked.html)
  }
  await Promise.all(Array.from({ length: 10 }, () => again(inv.tokenOf())))
  expect(await inv.events()).toEqual(['invitation.link_asked'])
  own.clock.pass(hours(24) - 1)
  await again(inv.tokenOf())
  expect(await inv.letters()).toHaveLength(1)
  own.clock.pass(1)
  await again(inv.tokenOf())
  expect(await inv.letters()).toHaveLength(2)
  expect((await inv.now()).status).toBe('pending_activation')

  const counts = async () =>
    (await own.db.selectFrom('mail').select('id').where('organization_id', '=', own.here.id).execute()).length
  const before = await counts()
  for (const token of [`${inv.tokenOf()}x`, 'x', '', `${newId()}.1.abc`]) await again(token)
  const accepted = await invite(own)
  await joinAnew(own, accepted.link())
  await again(accepted.tokenOf())
  expect((await accepted.letters()).map(([template]) => template)).toEqual(['invitation_accepted'])
  expect(await counts()).toBe(before + 1)
})

test('when its sender is gone, Admins are told that a new one is asked for', async () => {
  const own = await organization()
  const inv = await invite(own, { by: own.mia.person.id, validity: -1 })
  await own.db
    .updateTable('membership')
    .set({ status: 'removed', removed_at: own.clock.now })
    .where('id', '=', own.mia.person.id)
    .execute()
  await new Browser(own.app).post('/join/ask', { token: inv.tokenOf() })
  expect(await inv.letters()).toEqual([['invitation_link_asked', own.ana.person.email]])
})

test('twenty links an hour that don’t work close it for a network, but not for a link that does (R-06)', async () => {
  const own = await organization()
  const browser = new Browser(own.app)
  const inv = await invite(own)
  for (let n = 0; n < 20; n++) expect((await opening(own, '/join/x', browser)).page.status).toBe(410)
  const closed = await opening(own, '/join/x', browser)
  expect(closed.page.status).toBe(429)
  expect(Number(closed.page.headers.get('retry-after'))).toBeGreaterThan(3500)
  expect((await browser.post('/join/ask', { token: 'x' })).status).toBe(429)
  expect((await joinAnew(own, inv.link(), browser)).answer.status).toBe(303)
  expect((await opening(own, '/join/x')).page.status).toBe(410)
  own.clock.pass(hours(1))
  expect((await opening(own, '/join/x', browser)).page.status).toBe(410)
})

test('a link for an organization is nothing to another organization’s people', async () => {
  const else_ = await elsewhere(world)
  const inv = await invite(world, { email: else_.email })
  const { page } = await opening(world, inv.link(), new Browser(world.app))
  expect(page.html).not.toContain(world.elsewhere.name)
})

test('no token is logged', async () => {
  const inv = await invite(world)
  const { browser } = await joinAnew(world, inv.link())
  await opening(world, inv.link(), browser)
  expect(JSON.stringify(world.log)).not.toContain(inv.tokenOf().slice(-20))
  const stored = await world.db.selectFrom('mail').select('data').execute()
  expect(JSON.stringify(stored)).not.toContain(inv.tokenOf().slice(-20))
})
