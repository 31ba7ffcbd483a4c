import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, makeCustomRole } from '../support/world.ts'
import { openPlace, type Place, where } from './support/place.ts'

let place: Place
beforeAll(async () => {
  place = await openPlace(await freshDatabase())
})
const refusals = /the server responded with a status of (409|422)/
afterEach(async () => {
  await place.leave()
  expect(place.troubles().filter((trouble) => !refusals.test(trouble))).toEqual([])
})
afterAll(() => place.close())

test('a generated password stands in the panel’s place, can be copied, and is gone afterwards', async () => {
  const page = await place.visit(place.ana)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: place.origin })
  const href = `${place.list}/${shortId(place.mia.person.id)}`
  await page.goto(href)
  const panel = page.locator('section.panel')
  await panel.locator('summary', { hasText: 'More' }).click()
  await panel.getByRole('link', { name: 'Change password' }).click()
  await panel.getByRole('heading', { name: 'Change password' }).waitFor()
  expect(await panel.getByLabel('New password', { exact: true }).isVisible()).toBe(false)

  await panel.getByText('Type one').click()
  await panel.getByLabel('New password', { exact: true }).fill('short')
  await panel.getByRole('button', { name: 'Change password' }).click()
  await panel.locator('#password-error').waitFor()
  expect(await panel.getByLabel('New password', { exact: true }).isVisible()).toBe(true)

  await panel.getByText('Generate one').click()
  await panel.getByRole('button', { name: 'Change password' }).click()
  await panel.getByRole('heading', { name: 'New password' }).waitFor()
  const password = await panel.locator('.once code').innerText()
  expect(password).toMatch(/^[0-9a-z]{20}$/)
  await panel.getByRole('button', { name: 'Copy' }).click()
  await page.getByText('Copied.').waitFor()
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(password)
  expect(await page.locator('#people').isVisible()).toBe(true)
  expect(page.url()).not.toContain(password)

  await panel.getByRole('link', { name: 'Done' }).click()
  await panel.getByRole('heading', { name: 'Contact' }).waitFor()
  expect(where(page)).toBe(href)
  await page.goBack()
  await page.getByRole('heading', { name: 'Change password' }).waitFor()
  expect(await page.content()).not.toContain(password)
})

test('two presses of the button at once show one password, and it is the one that works', async () => {
  const page = await place.visit(place.ana)
  const pat = await addPerson(place.db, place.here, new Date(), { first: 'Pat', last: 'Press' })
  await page.goto(`${place.list}/${pat.id}`)
  const panel = page.locator('section.panel')
  await panel.locator('summary', { hasText: 'More' }).click()
  await panel.getByRole('link', { name: 'Change password' }).click()
  await panel.getByRole('button', { name: 'Change password' }).dblclick()
  await panel.getByRole('heading', { name: 'New password' }).waitFor()
  const password = await panel.locator('.once code').innerText()
  await page.waitForTimeout(500)
  expect(await panel.locator('.once code').innerText()).toBe(password)
  const theirs = await place.visit(null)
  await theirs.goto('/sign-in')
  await theirs.getByLabel('Email or username').fill(pat.email)
  await theirs.getByLabel('Password').fill(password)
  await theirs.getByRole('button', { name: 'Sign in' }).click()
  await theirs.waitForURL(/new-password/)
})

test('without script the password is plain text on a page of its own, with no Copy button', async () => {
  const page = await place.visit(place.ana, { script: false })
  const pat = await addPerson(place.db, place.here, new Date(), { first: 'Pat', last: 'Plain' })
  await page.goto(`${place.list}/${pat.id}/password`)
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByRole('heading', { name: 'New password' }).waitFor()
  expect(await page.locator('.once code').innerText()).toMatch(/^[0-9a-z]{20}$/)
  expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0)
  await page.getByRole('link', { name: 'Done' }).click()
  await page.getByRole('heading', { name: 'Pat Plain' }).waitFor()
})

test('somebody is removed and taken back from their panel, and their row says so', async () => {
  const role = await makeCustomRole(place.db, place.here.id, 'Auditors', ['audit.view'])
  const rex = await place.enter({ first: 'Rex', permissions: ['members.view', 'members.remove'] })
  const lea = await addPerson(place.db, place.here, new Date(), { first: 'Lea', last: 'Leaver', customRoles: [role] })
  const page = await place.visit(place.ana)
  await page.goto(`${place.list}/${shortId(lea.id)}`)
  const panel = page.locator('section.panel')
  await panel.getByRole('link', { name: 'Remove from organization' }).click()
  await panel.getByLabel('Reason').fill('Moved on')
  await panel.getByRole('button', { name: 'Remove from organization' }).click()
  await page.locator('#toast').getByText('Removed.').waitFor()
  expect(await page.locator('.grid tr', { hasText: 'Lea' }).innerText()).toContain('Removed')
  expect(await panel.innerText()).toContain('Moved on')

  const other = await place.visit(rex)
  await other.goto(`${place.list}/${shortId(lea.id)}?status=removed`)
  const beside = other.locator('section.panel')
  await beside.getByRole('link', { name: 'Take back' }).click()
  await beside.getByText('Left out').waitFor()
  await beside.getByRole('button', { name: 'Take back' }).click()
  await other.locator('#toast').getByText('Taken back.').waitFor()
  expect(await beside.innerText()).not.toContain('Auditors')
})
