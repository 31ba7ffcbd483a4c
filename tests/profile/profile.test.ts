import { beforeEach, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { act, actOn, hiddenIn } from '../support/acts.ts'
import { addPerson, makeGroup, organization, type Person } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const rowOf = (person: Person) =>
  world.db.selectFrom('membership').selectAll().where('id', '=', person.id).executeTakeFirstOrThrow()
const eventsOf = (person: Person) =>
  world.db
    .selectFrom('event')
    .select(['act', 'actor_id', 'changes'])
    .where('subject_id', '=', person.id)
    .where('act', 'like', 'membership.%')
    .orderBy('id')
    .execute()
const lock = async (group: string, ...fields: string[]) => {
  for (const field of fields)
    await world.db
      .insertInto('group_locked_field')
      .values({ organization_id: world.here.id, group_id: group, field })
      .execute()
}
type Browser = typeof world.ana

/** What the form of the page holds, as a browser would send it untouched. */
async function opened(browser: Browser) {
  const { html } = await browser.get('profile')
  const typed = [...html.matchAll(/<input id="(\w+)" name="\w+"[^>]* value="([^"]*)"/g)]
  return { ...Object.fromEntries(typed.map(([, name = '', value = '']) => [name, value])), ...hiddenIn(html) }
}
const save = async (browser: Browser, fields: Record<string, string>) =>
  browser.post('profile', { ...(await opened(browser)), ...fields })

test('nobody else has a profile there: a stranger signs in, and another organization’s Admin gets 404', async () => {
  const { stella, stranger, here } = world
  expect((await stella.get(`/o/${here.slug}/profile`)).status).toBe(404)
  expect((await stella.post(`/o/${here.slug}/profile`, { version: '1' })).status).toBe(404)
  expect((await stranger.get('profile')).location).toBe('/sign-in')
})

test('whoever is a member edits their own, whatever they may do else: the panel leads there and shows it', async () => {
  const { mia, vera, dev, ian, ana, here } = world
  for (const browser of [mia, vera, dev, ian, ana]) {
    const panel = await browser.get('members/me')
    expect(panel.html).toContain(`<a class="btn" href="/o/${here.slug}/profile" data-hx-boost="false">Edit profile</a>`)
    expect(panel.html).not.toContain('/edit"')
    const answer = await save(browser, { cell_phone: '+1 202 555 0143', last_name: 'Ångström' })
    expect([answer.status, answer.location]).toEqual([303, `/o/${here.slug}/members/me`])
    expect((await browser.get('members/me')).text).toMatch(/ Saved\. .*\+1 202 555 0143/)
    expect(await rowOf(browser.person)).toMatchObject({ last_name: 'Ångström', version: 2 })
    expect(await eventsOf(browser.person)).toEqual([
      {
        act: 'membership.edited',
        actor_id: browser.person.accountId,
        changes: { fields: ['last_name', 'cell_phone'] },
      },
    ])
  }
  // The table sorts and finds by the new name, and the bar says it.
  expect((await ana.get('members?q=angstrom')).html).toContain('>Mia<')
  expect((await mia.get('profile')).text).toContain('Mia Ångström')
  expect((await ana.get(`members/${mia.person.id}`)).html).not.toContain('Edit profile')
})

test('with htmx what is wrong comes back in the page’s place, with what was typed, and what is right leads on', async () => {
  const { mia, here } = world
  const fields = await opened(mia)
  const wrong = await mia.swap.post('profile', { ...fields, title: 'Surveyor', cell_phone: 'call me' })
  expect([wrong.status, wrong.html.includes('<!doctype')]).toEqual([422, false])
  expect(wrong.html).toContain('value="Surveyor"')
  expect(wrong.html).toContain('value="call me"')
  expect(wrong.html).toContain('<a href="#cell_phone">Cell phone can have digits')
  expect(await rowOf(mia.person)).toMatchObject({ version: 1 })
  const right = await mia.swap.post('profile', { ...fields, title: 'Surveyor' })
  expect([right.status, right.headers.get('hx-redirect')]).toEqual([200, `/o/${here.slug}/members/me`])
  // That page tells it, since no script of this one does.
  expect((await mia.get('members/me')).text).toMatch(/ Saved\. /)
  expect((await mia.get('members/me')).text).not.toMatch(/ Saved\. /)
  // Nothing changed is nothing written.
  expect((await save(mia, {})).status).toBe(303)
  expect((await mia.get('members/me')).text).toMatch(/ Nothing was changed\. /)
  expect(await eventsOf(mia.person)).toHaveLength(1)
})

test('what the group locks is shown as text with whom to ask, and the rest can be saved', async () => {
  const { ian, intake, db } = world
  await db.updateTable('membership').set({ title: 'Clerk <i>' }).where('id', '=', ian.person.id).execute()
  await lock(intake, 'title', 'last_name', 'username')
  const { html, text } = await ian.get('profile')
  expect(html).not.toMatch(/<input[^>]* name="(title|last_name)"/)
  expect(html).toMatch(/<dd id="title" tabindex="-1">Clerk &lt;i&gt;<\/dd>/)
  expect(text).toContain('Members of Intake don’t change these themselves')
  expect(text).toMatch(/Whom to ask Email Gus Manager \S+ Ana Admin/)
  expect((await save(ian, { first_name: 'Iain' })).status).toBe(303)
  expect(await rowOf(ian.person)).toMatchObject({ first_name: 'Iain', last_name: 'Intake', title: 'Clerk <i>' })
  await lock(intake, 'first_name', 'cell_phone', 'office_phone', 'extension')
  const all = await ian.get('profile')
  expect(all.html).not.toContain('name="version"')
  expect(all.text).toContain('Add a picture')
})

test('those who could help are few and are there: no manager of another group, nobody whose time is over, none with a ceiling', async () => {
  const { ian, intake, add, here, db } = world
  await lock(intake, 'title')
  const other = await makeGroup(db, here.id, 'Other')
  await add({ first: 'Omar', last: 'Other', group: other, manages: true })
  await add({ first: 'Ed', last: 'Ended', group: intake, manages: true, endsOn: '2026-11-21' })
  await add({ first: 'Sue', last: 'Suspended', group: intake, manages: true, suspended: true })
  await add({ first: 'Vic', last: 'Viewing', group: intake, manages: true, role: 'viewer' })
  for (let n = 0; n < 20; n++) await add({ first: 'Many', last: `M${n}`, group: intake, manages: true })
  for (let n = 0; n < 20; n++) await add({ first: 'Adam', last: `A${n}`, role: 'admin' })
  const { text } = await ian.get('profile')
  for (const name of ['Omar', 'Ed Ended', 'Sue', 'Vic']) expect(text).not.toContain(name)
  expect(text.match(/Many M|Gus Manager/g)).toHaveLength(5)
  expect(text.match(/Adam A|Ana Admin/g)).toHaveLength(10)
})

test('forced, a locked field is refused, and nothing of the form is saved', async () => {
  const { ian, intake } = world
  const before = await opened(ian)
  await lock(intake, 'title', 'first_name')
  const answer = await ian.post('profile', { ...before, title: 'Director', cell_phone: '123' })
  expect(answer.status).toBe(422)
  expect(answer.html).toContain(
    '<a href="#title">Your group doesn’t let its members change this. Nothing was saved</a>',
  )
  expect(answer.html).not.toContain('<a href="#first_name">')
  expect(answer.html).toContain('value="123"')
  expect(await rowOf(ian.person)).toMatchObject({ title: '', cell_phone: '', version: 1 })
  expect(await eventsOf(ian.person)).toEqual([])
  // A form that is older than the lock, and changes nothing that is locked now.
  expect((await ian.post('profile', { ...before, cell_phone: '123' })).status).toBe(303)
  expect(await rowOf(ian.person)).toMatchObject({ cell_phone: '123', first_name: 'Ian' })
})

test('a lock that comes in the middle of saving holds too', async () => {
  const { ian, intake, services, db } = world
  const fields = await opened(ian)
  const real = services.db
  let locked = false
  services.db = new Proxy(real, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name !== 'executeQuery') return typeof value === 'function' ? value.bind(target) : value
      return async (query: { sql: string }) => {
        if (!locked && query.sql.includes('update "membership" set "first_name"')) {
          locked = true
          await lock(intake, 'title')
        }
        return target.executeQuery(query as never)
      }
    },
  })
  const answer = await ian.post('profile', { ...fields, title: 'Director' })
  services.db = real
  expect([locked, answer.status]).toEqual([true, 422])
  expect(await rowOf(ian.person)).toMatchObject({ title: '', version: 1 })
  await db.deleteFrom('group_locked_field').where('group_id', '=', intake).execute()
  expect((await save(ian, { title: 'Director' })).status).toBe(303)
})

test('a Group manager is bound by their group’s locks and edits themselves here alone; an Admin isn’t', async () => {
  const { gus, ian, ana, intake, here } = world
  await lock(intake, 'title')
  await lock(here.defaultGroup, 'title')
  expect((await gus.get('profile')).html).not.toContain('name="title"')
  expect((await gus.get('profile')).text).not.toContain('Gus Manager gus')
  for (const answer of [
    await gus.get(actOn(gus.person, 'edit')),
    await gus.post(actOn(gus.person, 'edit'), { version: '1', title: 'Director' }),
  ])
    expect([answer.status, answer.text.includes('Your own details are in your profile')]).toEqual([403, true])
  expect(await rowOf(gus.person)).toMatchObject({ title: '', version: 1 })
  expect((await act(gus, ian.person, 'edit', { ...(await detailsOf(ian.person)), title: 'Clerk' })).status).toBe(303)
  const page = await ana.get('profile')
  expect(page.html).toContain('name="title"')
  expect(page.html).toContain(`members/${shortId(ana.person.id)}/edit"`)
  expect((await save(ana, { title: 'Head' })).status).toBe(303)
})
async function detailsOf(person: Person) {
  const { first_name, last_name, title, cell_phone, office_phone, extension } = await rowOf(person)
  return { first_name, last_name, title, cell_phone, office_phone, extension }
}

test('of two tabs, or of oneself and an Admin, the second is told both values and writes nothing over', async () => {
  const { mia, ana } = world
  const first = await opened(mia)
  await act(ana, mia.person, 'edit', { ...(await detailsOf(mia.person)), title: 'Head of intake' })
  const late = await mia.post('profile', { ...first, title: 'Adjuster' })
  expect(late.status).toBe(409)
  const told = late.text.replace(/ (?=[,:])/g, '')
  expect(told).toContain('Details changed (title) by Ana Admin, Now')
  expect(told).toContain('Title: now “Head of intake”, you typed “Adjuster”')
  expect(await rowOf(mia.person)).toMatchObject({ title: 'Head of intake' })
  const again = await mia.post('profile', { ...first, title: 'Adjuster', ...hiddenIn(late.html) })
  expect(again.status).toBe(303)
  expect(await rowOf(mia.person)).toMatchObject({ title: 'Adjuster', version: 3 })
  const second = await mia.post('profile', { ...first, title: 'Adjuster' })
  expect([second.status, second.text.includes('by you, elsewhere')]).toEqual([409, true])
})

test('in another organization one is somebody else, and what is locked there isn’t here', async () => {
  const { mia, db, clock, elsewhere, here } = world
  const other = await addPerson(db, elsewhere, clock.now, { first: 'Maria', accountId: mia.person.accountId ?? '' })
  await db
    .insertInto('group_locked_field')
    .values({ organization_id: elsewhere.id, group_id: elsewhere.defaultGroup, field: 'title' })
    .execute()
  expect((await save(mia, { title: 'Adjuster' })).status).toBe(303)
  const there = await mia.get(`/o/${elsewhere.slug}/profile`)
  expect([there.html.includes('value="Maria"'), there.html.includes('name="title"')]).toEqual([true, false])
  const forced = await mia.post(`/o/${elsewhere.slug}/profile`, { ...hiddenIn(there.html), title: 'Adjuster' })
  expect(forced.status).toBe(422)
  expect(await rowOf(other)).toMatchObject({ title: '', version: 1 })
  expect((await mia.get(`/o/${here.slug}/profile`)).html).toContain('value="Adjuster"')
})

test('naughty names, too long ones, and fields that aren’t one’s own to set', async () => {
  const { mia } = world
  const long = await save(mia, { first_name: 'x'.repeat(300) })
  expect([long.status, long.text.includes('First name can have at most 100 characters')]).toEqual([422, true])
  for (const name of ['first_name', 'title', 'extension'])
    expect((await save(mia, { [name]: 'a\u0000b' })).status).toBe(422)
  await save(mia, { first_name: '\u202eمحمد\u2066', last_name: '<b onclick="x">', title: '"><script>' })
  expect(await rowOf(mia.person)).toMatchObject({ first_name: 'محمد', last_name: '<b onclick="x">' })
  const { html } = await mia.get('profile')
  expect(html).not.toMatch(/<b onclick|<script>/)
  for (const forged of ['status', 'organization_role', 'email', 'region', 'group_id', 'avatar', 'id'])
    expect((await save(mia, { [forged]: 'x' })).status).toBe(400)
  expect((await mia.post('profile', { version: ['1', '1'] })).status).toBe(400)
})
