import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { past } from '../invitations/past.ts'
import { freshDatabase } from '../support/database.ts'
import { days } from '../support/world.ts'
import { violations } from './support/axe.ts'
import { openPlace, type Place, where } from './support/place.ts'

let place: Place
let history = ''
let last = { id: '', member: '' }
beforeAll(async () => {
  place = await openPlace(await freshDatabase())
  history = `/o/${place.here.slug}/invitations`
  const now = Date.now()
  const statuses = ['pending_activation', 'pending_approval', 'active', 'rejected', 'revoked', 'pending_activation']
  for (let n = 1; n <= 71; n++)
    last = await past(place.db, place.here, new Date(now), {
      first: `Nia${String(n).padStart(3, '0')}`,
      email: `nia${n}@hvc.example`,
      status: statuses[n % 6] ?? '',
      at: new Date(now - days((71 - n) / 5)),
      role: n % 9 === 0 ? 'viewer' : 'member',
      sender: place.ana.person,
    })
})
afterEach(async () => {
  await place.leave()
  expect(place.troubles()).toEqual([])
})
afterAll(() => place.close())

type Page = Awaited<ReturnType<Place['visit']>>
const rows = (page: Page) => page.locator('.grid tbody th a')
const panel = (page: Page) => page.locator('section.panel')
const focused = (page: Page) => page.evaluate<string>('document.activeElement.id || document.activeElement.innerText')
const found = (page: Page) => page.locator('.found output').innerText()

test('counts that come late on a slow line leave the choice, and where one is, as they are', async () => {
  const page = await place.visit(place.ana)
  let letCome = () => {}
  const slow = new Promise<void>((resolve) => {
    letCome = resolve
  })
  await page.route('**/counts*', (route) => slow.then(() => route.continue()))
  await page.goto(`${history}?q=nia00`)
  await page.locator('.filters summary', { hasText: 'Status' }).focus()
  for (const key of ['Enter', 'Tab', 'Space']) await page.keyboard.press(key)
  letCome()
  await page.locator('#of-status i').first().waitFor({ state: 'attached' })
  const box = '.filters [value=pending_approval]'
  expect(await page.evaluate(`document.activeElement === document.querySelector('${box}')`)).toBe(true)
  expect(await page.locator(box).isChecked()).toBe(true)
  await page.keyboard.press('Enter')
  await expect.poll(() => found(page)).toBe('2 invitations match')
})

test('Ana walks the history by keyboard alone: search, filter, sort, an invitation, its acts, and back', async () => {
  const page = await place.visit(place.ana)
  await page.goto(history)
  await page.locator('#of-status i').first().waitFor({ state: 'attached' })
  expect(await page.evaluate('document.activeElement === document.body')).toBe(true)
  await page.keyboard.press('/')
  await page.keyboard.type('nia00')
  await expect.poll(() => found(page)).toBe('9 invitations match')
  expect(where(page)).toBe(`${history}?q=nia00`)

  const status = page.locator('.filters summary', { hasText: 'Status' })
  await status.focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await page.keyboard.press('Enter')
  await expect.poll(() => found(page)).toBe('2 invitations match')
  expect(where(page)).toBe(`${history}?q=nia00&status=pending_approval`)
  await page.getByRole('link', { name: 'Clear filters' }).focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => found(page)).toBe('71 invitations')

  await page.locator('th', { hasText: 'Name' }).getByRole('link').focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => rows(page).first().innerText()).toBe('Nia001 Newcomer')
  await rows(page).first().focus()
  await page.keyboard.press('Enter')
  await panel(page).waitFor()
  expect(await focused(page)).toBe('panel')
  expect(await panel(page).getByRole('heading', { name: 'Where is it?' }).count()).toBe(1)
  expect(await page.locator('.grid [aria-current]').innerText()).toBe('Nia001 Newcomer')
  await page.keyboard.press('Escape')
  await panel(page).waitFor({ state: 'detached' })
  expect(await focused(page)).toBe('Nia001 Newcomer')

  await page.locator('.go').first().focus()
  await page.keyboard.press('Space')
  await page.locator('#acts').waitFor()
  expect(await page.locator('#acts a').allInnerTexts()).toEqual(['Approve', 'Deny', 'Revoke', 'Correct address'])
  await page.keyboard.press('Escape')
  // Back from the closed panel opens it again; then come the sort, what was cleared, and the search with its filter.
  await page.goBack()
  await panel(page).waitFor()
  for (const before of ['?sort=name', '', '?q=nia00&status=pending_approval']) {
    await page.goBack()
    await expect.poll(() => where(page)).toBe(history + before)
  }
  await expect.poll(() => found(page)).toBe('2 invitations match')
  expect(await page.locator('#q').inputValue()).toBe('nia00')
})

test('the counts come after the page, beside the filters in force, and leave focus and address alone', async () => {
  const page = await place.visit(place.ana)
  await page.goto(history)
  const count = page.locator('#of-status label', { hasText: 'Revoked' }).locator('i')
  await expect.poll(() => count.textContent()).toBe('12')
  await page.locator('.filters summary', { hasText: 'Role' }).click()
  await page.locator('#of-role label', { hasText: 'Viewer' }).getByRole('checkbox').check()
  await page.locator('.filters details[open]').getByRole('button', { name: 'Apply' }).click()
  await expect.poll(() => found(page)).toBe('7 invitations match')
  await expect.poll(() => count.textContent()).not.toBe('12')
  expect(where(page)).toBe(`${history}?role=viewer`)
  expect(await page.title()).toBe('Invitation history – Rollcall')
})

describe.each([{ width: 1280 }, { width: 360 }])('without script, at $width px', (look) => {
  test('Ana pages, filters, sorts and opens an invitation beside or instead of the list', async () => {
    const page = await place.visit(place.ana, { ...look, script: false })
    await page.goto(history)
    await page.getByRole('link', { name: 'Next' }).click()
    expect(await page.locator('.pager span').innerText()).toBe('51–71 of 71')
    expect(await rows(page).count()).toBe(21)
    await page.goto(`${history}?status=revoked`)
    expect(await found(page)).toBe('12 invitations match')
    await rows(page).first().click()
    expect(await panel(page).getByRole('heading', { name: 'Where is it?' }).isVisible()).toBe(true)
    expect(where(page)).toContain('?status=revoked')
    await page.goto(`${history}/${shortId(last.id)}`)
    await panel(page).getByRole('link', { name: 'Resend invitation' }).click()
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Resend invitation')
  })
})

test('among the members somebody Invited opens their invitation beside the list, and Close leads back to it', async () => {
  const page = await place.visit(place.ana)
  await page.goto(`${place.list}?status=invited&sort=-first_name`)
  const row = page.getByRole('link', { name: 'Nia071', exact: true })
  await row.click()
  await panel(page).getByRole('heading', { name: 'Where is it?' }).waitFor()
  expect(await row.getAttribute('aria-current')).toBe('true')
  await panel(page).getByRole('link', { name: 'Close', exact: true }).click()
  await panel(page).waitFor({ state: 'detached' })
  expect(where(page)).toBe(`${place.list}?status=invited&sort=-first_name`)
})

test.each([
  [1280, 'light'],
  [1280, 'dark'],
  [360, 'light'],
  [360, 'dark'],
] as const)(
  'list and panel are clean to axe-core, and no wider than the window, at %i px, %s',
  async (width, scheme) => {
    for (const path of [history, `${history}/${shortId(last.id)}?status=pending_activation`]) {
      const page = await place.visit(place.ana, { width, scheme })
      await page.goto(path)
      if (path === history) await page.locator('#of-status i').first().waitFor({ state: 'attached' })
      if (process.env.SHOTS)
        await page.screenshot({
          path: `${process.env.SHOTS}/${path === history ? 'list' : 'panel'}-${width}-${scheme}.png`,
        })
      expect(await violations(page), path).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), path).toBe(true)
    }
  },
)
