import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freshDatabase } from '../support/database.ts'
import { addPerson } from '../support/world.ts'
import { openPlace, type Place, where } from './support/place.ts'

let place: Place
beforeAll(async () => {
  place = await openPlace(await freshDatabase())
})
/** What the browser says in its console of an answer that refuses, in its own words. */
const refusals = /the server responded with a status of (409|422)/
afterEach(async () => {
  await place.leave()
  expect(place.troubles().filter((trouble) => !refusals.test(trouble))).toEqual([])
})
afterAll(() => place.close())

type Page = Awaited<ReturnType<Place['visit']>>
const focused = (page: Page) =>
  page.evaluate<string>('document.activeElement.id || document.activeElement.getAttribute("aria-label")')
const panel = (page: Page) => page.locator('section.panel')
const rowOf = (page: Page, name: string) => page.locator('.grid tbody tr', { hasText: name })
const press = (page: Page, name: string) => panel(page).getByRole('button', { name, exact: true }).click()
const follow = (page: Page, name: string) => panel(page).getByRole('link', { name, exact: true }).click()
const more = (page: Page) => panel(page).locator('summary', { hasText: 'More' }).click()
const titled = (page: Page, name: string) => panel(page).getByRole('heading', { name, exact: true }).waitFor()

let people = 0
/** Somebody whom no other test knows. */
async function somebody() {
  const first = `Sam${++people}`
  const person = await addPerson(place.db, place.here, new Date(), {
    first,
    last: 'Actable',
    email: `sam${people}@harbor.example`,
  })
  return { ...person, first, name: `${first} Actable` }
}
const change = (id: string, what: { suspended_at?: Date | null; status?: string; version?: number }) =>
  place.db
    .updateTable('membership')
    .set(what)
    .where('organization_id', '=', place.here.id)
    .where('id', '=', id)
    .execute()

async function openPanel(page: Page, name: string) {
  await page.goto(`${place.list}?role=member`)
  await page.getByRole('link', { name: name.split(' ')[0] ?? '', exact: true }).click()
  await titled(page, name)
}

test('Ana suspends somebody in the panel’s place, sees it in panel, row and toast, and reactivates them', async () => {
  const { id, first, name } = await somebody()
  const page = await place.visit(place.ana)
  await openPanel(page, name)
  const before = where(page)
  await more(page)
  await follow(page, 'Suspend')
  await titled(page, 'Suspend')
  expect(await focused(page)).toBe('panel')
  expect(where(page)).toMatch(/\/suspend\?role=member$/)
  expect(await page.locator('.grid').isVisible()).toBe(true)
  expect(await rowOf(page, first).locator('[aria-current]').count()).toBe(1)

  await press(page, 'Suspend')
  await titled(page, name)
  await page.locator('#toast .toast', { hasText: 'Suspended.' }).waitFor()
  expect(await panel(page).locator('header').innerText()).toContain('Suspended')
  expect(await rowOf(page, first).innerText()).toContain('Suspended')
  expect(await rowOf(page, first).locator('[aria-current]').count()).toBe(1)
  expect(where(page)).toBe(before)
  expect(await page.title()).toBe(`${name} – Rollcall`)
  expect(await focused(page)).toBe('panel')

  await more(page)
  await follow(page, 'Reactivate')
  await titled(page, 'Reactivate')
  await press(page, 'Reactivate')
  await page.locator('#toast .toast', { hasText: 'Reactivated.' }).waitFor()
  expect(await rowOf(page, first).innerText()).toContain('Active')
  const row = await place.db.selectFrom('membership').select('status').where('id', '=', id).executeTakeFirstOrThrow()
  expect(row.status).toBe('active')

  // Back goes through what was seen, never to a form that is done with.
  await page.goBack()
  await titled(page, name)
  await page.goBack()
  await titled(page, name)
  await page.goBack()
  await panel(page).waitFor({ state: 'detached' })
  expect(where(page)).toBe(`${place.list}?role=member`)
  await page.goForward()
  await titled(page, name)
  await follow(page, 'Close')
  await panel(page).waitFor({ state: 'detached' })
  expect(await page.evaluate('document.activeElement.textContent')).toBe(first)
})

test('leaving the form, by Cancel, Escape or Back, leads to the panel, and the focus with it', async () => {
  const { name } = await somebody()
  const page = await place.visit(place.ana)
  await openPanel(page, name)
  for (const leave of [
    () => follow(page, 'Cancel'),
    () => page.keyboard.press('Escape'),
    () => page.goBack(),
    () => follow(page, 'Close'),
  ]) {
    await more(page)
    await follow(page, 'Suspend')
    await titled(page, 'Suspend')
    await leave()
    await titled(page, name)
    await expect.poll(() => focused(page)).toBe('panel')
  }
})

test('an act that is refused comes back in the panel’s place, with the focus on why', async () => {
  // No account here has a password, so of the two Admins each is the last one who can sign in.
  await place.add({ first: 'Adele', last: 'Adminson', role: 'admin' })
  const page = await place.visit(place.ana)
  await page.goto(place.list)
  await page.getByRole('link', { name: 'Adele', exact: true }).click()
  await titled(page, 'Adele Adminson')
  await more(page)
  await follow(page, 'Suspend')
  await titled(page, 'Suspend')
  const at = where(page)
  for (let tries = 0; tries < 2; tries++) {
    await press(page, 'Suspend')
    await page.locator('#errors', { hasText: 'the last Admin who can sign in' }).waitFor()
    await expect.poll(() => focused(page)).toBe('errors')
    expect(await page.locator('#toast').innerText()).toBe('')
    expect(where(page)).toBe(at)
    expect(await page.locator('.grid').isVisible()).toBe(true)
  }
})

test('a double click on a slow line is one act, in the panel and on a page, and the next act can follow', async () => {
  const { name } = await somebody()
  const page = await place.visit(place.ana)
  await page.route('**/*', async (route) => {
    if (route.request().method() === 'POST') await new Promise((resolve) => setTimeout(resolve, 500))
    await route.continue()
  })
  const posts: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') posts.push(new URL(request.url()).pathname.split('/').at(-1) ?? '')
  })
  const twice = (label: string) => panel(page).getByRole('button', { name: label, exact: true }).dblclick()
  await openPanel(page, name)
  await more(page)
  await follow(page, 'Suspend')
  await titled(page, 'Suspend')
  await twice('Suspend')
  await page.locator('#toast .toast', { hasText: 'Suspended.' }).waitFor()
  await more(page)
  await follow(page, 'Reactivate')
  await titled(page, 'Reactivate')
  await page.reload()
  await twice('Reactivate')
  await titled(page, name)
  expect(posts).toEqual(['suspend', 'reactivate'])
})

test('with Ctrl or Shift a name, and the head of a column, open beside the page', async () => {
  const { first } = await somebody()
  const page = await place.visit(place.ana)
  await page.goto(`${place.list}?q=${first}`)
  for (const [link, modifier] of [
    [page.getByRole('link', { name: first, exact: true }), 'Control'],
    [page.getByRole('link', { name: first, exact: true }), 'Shift'],
    [page.getByRole('link', { name: 'Email' }), 'Control'],
  ] as const) {
    const opened = page.context().waitForEvent('page')
    await link.first().click({ modifiers: [modifier] })
    await (await opened).close()
  }
  expect(where(page)).toBe(`${place.list}?q=${first}`)
  expect(await panel(page).count()).toBe(0)
})

test('a word that is looked for in the audit log is found without a complaint of the script', async () => {
  const page = await place.visit(place.ana)
  await page.goto(place.list.replace('members', 'audit'))
  await page.locator('input[type=search]').fill('suspended')
  await page.keyboard.press('Enter')
  await expect.poll(() => where(page)).toContain('q=suspended')
  await page
    .locator('main li, main td')
    .getByText(/suspended/i)
    .first()
    .waitFor()
})

test('somebody else was quicker: a toast says so, and the form stays as it is', async () => {
  const { id, name } = await somebody()
  const page = await place.visit(place.ana)
  await openPanel(page, name)
  await more(page)
  await follow(page, 'Suspend')
  await titled(page, 'Suspend')
  await change(id, { version: 7 })
  await press(page, 'Suspend')
  await page.locator('#toast .toast', { hasText: 'Somebody else changed this meanwhile' }).waitFor()
  await titled(page, 'Suspend')
})

test('what is wrong with an edit, and what somebody else changed, stand above what was typed, which stays', async () => {
  const { id, name } = await somebody()
  const page = await place.visit(place.ana)
  await openPanel(page, name)
  await follow(page, 'Edit')
  await titled(page, 'Edit')
  await page.getByLabel('Title').fill('Loss adjuster')
  await page.getByLabel('Cell phone').fill('call me')
  await press(page, 'Save')
  await page.locator('#errors', { hasText: 'Cell phone can have digits' }).waitFor()
  await expect.poll(() => focused(page)).toBe('errors')
  await page.getByLabel('Cell phone').fill('+44 20 7946 0000')
  await change(id, { version: 2 })
  await press(page, 'Save')
  await page.locator('#errors', { hasText: 'Title: now nothing, you typed “Loss adjuster”' }).waitFor()
  await expect.poll(() => focused(page)).toBe('errors')
  await press(page, 'Save')
  await page.locator('#toast .toast', { hasText: 'Saved.' }).waitFor()
  expect(await panel(page).innerText()).toContain('+44 20 7946 0000')
})

describe.each([
  { width: 1280, script: false },
  { width: 360, script: false },
  { width: 1280, script: true },
])('as pages, at $width px, scripts: $script', (look) => {
  test('an act that is opened at its own address works, and leads to the panel', async () => {
    const { name, first } = await somebody()
    const page = await place.visit(place.ana, look)
    await openPanel(page, name)
    await more(page)
    await follow(page, 'Suspend')
    await titled(page, 'Suspend')
    if (look.script) await page.reload()
    expect(await page.locator('.grid').count()).toBe(0)
    await press(page, 'Suspend')
    await titled(page, name)
    expect(await panel(page).locator('header').innerText()).toContain('Suspended')
    expect(where(page)).toMatch(/\?role=member$/)
    if (look.width > 960) expect(await rowOf(page, first).innerText()).toContain('Suspended')
  })
})
