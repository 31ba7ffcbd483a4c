import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freshDatabase } from '../support/database.ts'
import { addPerson } from '../support/world.ts'
import { crowd } from './support/people.ts'
import { openPlace, type Place, where } from './support/place.ts'

let place: Place
beforeAll(async () => {
  place = await openPlace(await freshDatabase())
  await crowd(place, 60)
})
afterEach(async () => {
  await place.leave()
  expect(place.troubles()).toEqual([])
})
afterAll(() => place.close())

type Page = Awaited<ReturnType<Place['visit']>>
const toast = (page: Page) => page.locator('#toast .toast')
const focused = (page: Page) => page.evaluate<string>('document.activeElement.id || document.activeElement.textContent')

describe.each([{ width: 1280 }, { width: 360 }])('at $width px', (look) => {
  test('Ana finds her own page and the way out in one menu, and Escape closes it', async () => {
    const page = await place.visit(place.ana, look)
    await page.goto(place.list)
    const button =
      look.width === 360 ? page.locator('summary[aria-label=Menu]') : page.locator('summary', { hasText: 'Ana Admin' })
    const entry = page.getByRole('link', { name: 'My profile' }).filter({ visible: true })
    expect(await entry.count()).toBe(0)
    await button.click()
    await entry.waitFor()
    expect(await page.getByRole('button', { name: 'Sign out' }).filter({ visible: true }).count()).toBe(1)
    await page.keyboard.press('Escape')
    await expect.poll(() => entry.count()).toBe(0)
    await button.click()
    await page.mouse.click(look.width - 10, 56)
    await expect.poll(() => entry.count()).toBe(0)
    await button.click()
    await entry.click()
    await page.getByRole('heading', { name: 'Ana Admin' }).waitFor()
    expect(where(page)).toBe(`${place.list}/me`)
  })

  test('Stella, who works for two organizations, goes from one to the other', async () => {
    const { person } = place.stella
    const already = await place.db
      .selectFrom('membership')
      .select('id')
      .where('account_id', '=', person.accountId)
      .where('organization_id', '=', place.here.id)
      .execute()
    if (already.length === 0)
      await addPerson(place.db, place.here, new Date(), {
        first: 'Stella',
        last: 'Visitor',
        role: 'viewer',
        email: person.email,
        accountId: person.accountId ?? '',
      })
    const page = await place.visit(place.stella, look)
    await page.goto(`/o/${place.elsewhere.slug}/members`)
    await page.locator('summary', { hasText: 'North Sea Adjusters' }).click()
    const other = page.getByRole('link', { name: 'Harbor Claims' })
    const box = await other.boundingBox()
    expect((box?.x ?? 0) + (box?.width ?? 9999)).toBeLessThanOrEqual(look.width)
    expect(await page.getByRole('link', { name: 'North Sea Adjusters' }).getAttribute('aria-current')).toBe('true')
    await other.click()
    await page.locator('summary', { hasText: 'Harbor Claims' }).waitFor()
    expect(where(page)).toBe(place.list)
  })
})

test('without scripts a phone’s menu and filters open and close too', async () => {
  const page = await place.visit(place.ana, { width: 360, script: false })
  await page.goto(place.list)
  const entry = page.getByRole('link', { name: 'My profile' }).filter({ visible: true })
  const filters = page.locator('#filters')
  for (const open of [true, false]) {
    await page.locator('summary[aria-label=Menu]').click()
    expect(await entry.count()).toBe(open ? 1 : 0)
  }
  expect(await filters.isVisible()).toBe(false)
  await page.getByRole('link', { name: 'Filters', exact: true }).click()
  await filters.waitFor()
  await page.getByRole('link', { name: 'Close filters' }).click()
  await filters.waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'Filters', exact: true }).click()
  await filters.locator('summary', { hasText: 'Role' }).click()
  await filters.getByLabel('Viewer').check()
  await page.getByRole('button', { name: 'Show people' }).click()
  await page.getByRole('link', { name: 'Filters (1)' }).waitFor()
  expect(await filters.isVisible()).toBe(false)
})

describe('the shortcuts', () => {
  test('? lists them, and gives the focus back', async () => {
    const page = await place.visit(place.ana)
    await page.goto(place.list)
    await page.getByRole('link', { name: 'Next' }).focus()
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await dialog.waitFor()
    await page.keyboard.press('/')
    expect(await page.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await focused(page)).toBe('Next')
  })

  test('both can be switched off, and on again from the menu', async () => {
    const page = await place.visit(place.ana)
    await page.goto(place.list)
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await dialog.getByLabel('Use / and ?').uncheck()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.reload()
    await page.keyboard.press('/')
    await page.keyboard.press('?')
    expect(await focused(page)).not.toBe('q')
    expect(await dialog.count()).toBe(0)
    await page.locator('summary', { hasText: 'Ana Admin' }).click()
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
    expect(await dialog.getByLabel('Use / and ?').isChecked()).toBe(false)
    await dialog.getByLabel('Use / and ?').check()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.keyboard.press('/')
    expect(await focused(page)).toBe('q')
  })

  test('a person who types a slash or a question mark gets what they typed', async () => {
    const page = await place.visit(place.ana)
    await page.goto(place.list)
    await page.getByLabel('Search members').fill('a')
    await page.keyboard.press('End')
    await page.keyboard.type('/?')
    expect(await page.getByLabel('Search members').inputValue()).toBe('a/?')
    await expect.poll(() => where(page)).toBe(`${place.list}?q=a%2F%3F`)
  })

  test('a phone’s menu has them too', async () => {
    const page = await place.visit(place.ana, { width: 360 })
    await page.goto(place.list)
    await page.locator('summary[aria-label=Menu]').click()
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  })
})

describe('when it doesn’t work', () => {
  const sort = (page: Page) => page.getByRole('link', { name: 'First name' }).click()

  test('a right that was taken away meanwhile is told, and the screen and the address stay', async () => {
    const lena = await place.enter({ first: 'Lena', last: 'Viewer', role: 'viewer' })
    const page = await place.visit(lena)
    await page.goto(`${place.list}?q=Abe`)
    const before = await page.locator('#people').innerHTML()
    await place.db
      .updateTable('membership')
      .set({ organization_role: 'member' })
      .where('id', '=', lena.person.id)
      .execute()
    await sort(page)
    await toast(page).waitFor()
    expect(await toast(page).innerText()).toContain('View members')
    expect(await page.locator('#people').innerHTML()).toBe(before)
    expect(where(page)).toBe(`${place.list}?q=Abe`)
    expect(place.troubles()).toEqual([expect.stringContaining('403')])
    await toast(page).getByRole('button', { name: 'Dismiss' }).click()
    expect(await toast(page).count()).toBe(0)
  })

  test('Back to a page that may not be opened anymore shows that, and not the page that was left', async () => {
    const lena = await place.enter({ first: 'Lena', last: 'Viewer', role: 'viewer' })
    const page = await place.visit(lena)
    await page.goto(place.list)
    await page.getByRole('link', { name: 'Next' }).click()
    await expect.poll(() => page.locator('.pager span').innerText()).toMatch(/^51–/)
    await place.db
      .updateTable('membership')
      .set({ organization_role: 'member' })
      .where('id', '=', lena.person.id)
      .execute()
    await page.goBack()
    await page.getByRole('heading', { name: 'You can’t open this page' }).waitFor()
    expect(await page.locator('table.grid').count()).toBe(0)
    expect(place.troubles().every((one) => one.includes('403'))).toBe(true)
  })

  test('a bug is told with its number, once, and the next try works', async () => {
    const page = await place.visit(place.ana)
    await page.goto(place.list)
    place.breakDown()
    await sort(page)
    await toast(page).waitFor()
    const told = await toast(page).innerText()
    expect(told).toMatch(/tell your administrator this number: [0-9a-f]{16}/)
    await sort(page)
    await expect.poll(() => toast(page).innerText()).not.toBe(told)
    expect(await toast(page).count()).toBe(1)
    expect(where(page)).toBe(place.list)
    place.mend()
    await sort(page)
    await expect.poll(() => where(page)).toBe(`${place.list}?sort=first_name`)
    expect(await toast(page).count()).toBe(0)
    place.troubles()
  })

  test('a line that is down is told', async () => {
    const page = await place.visit(place.ana)
    await page.goto(place.list)
    await page.context().setOffline(true)
    await sort(page)
    await toast(page).waitFor()
    expect(await toast(page).innerText()).toContain('Check the connection')
    expect(place.troubles().length).toBeGreaterThan(0)
  })

  test('somebody signed out elsewhere is asked to sign in, and comes back to where they were', async () => {
    const uma = await place.enter({ first: 'Uma', last: 'Viewer', role: 'viewer' })
    const page = await place.visit(uma)
    await page.goto(`${place.list}?role=viewer`)
    await sql`delete from session where account_id = ${uma.person.accountId}`.execute(place.db)
    await sort(page)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await page.locator('input[name=next]').getAttribute('value')).toBe(`${place.list}?role=viewer`)
  })
})

describe('on a line that stalls', () => {
  const seen = (page: Page, selector: string) =>
    page.evaluate<boolean>(`(() => {
      const found = document.querySelector(${JSON.stringify(selector)})
      return !!found && Number(getComputedStyle(found).opacity) < 0.6
    })()`)

  test('the list that will change pales, and the bar shows that something is under way', async () => {
    const page = await place.visit(place.ana)
    await page.goto(place.list)
    const line = place.hold()
    await page.getByRole('link', { name: 'Next' }).click()
    await expect.poll(() => seen(page, '#people[aria-busy=true]')).toBe(true)
    expect(await page.evaluate('getComputedStyle(document.querySelector(".bar"), "::after").content')).toBe('""')
    line.release()
    await expect.poll(() => page.locator('.pager span').innerText()).toMatch(/^51–/)
    expect(await page.locator('[aria-busy]').count()).toBe(0)
    expect(await page.evaluate('getComputedStyle(document.querySelector(".bar"), "::after").content')).toBe('none')
  })

  test('a form that is answered with the question who it is leaves nothing pale', async () => {
    const page = await place.visit(place.ana)
    await page.goto('/profile')
    await place.db
      .updateTable('session')
      .set({ confirmed_at: null })
      .where('account_id', '=', place.ana.person.accountId ?? '')
      .execute()
    await page.getByLabel('Username').fill('ana.of.harbor')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor()
    await expect.poll(() => page.locator('[aria-busy]').count()).toBe(0)
    await place.db
      .updateTable('session')
      .set({ confirmed_at: new Date() })
      .where('account_id', '=', place.ana.person.accountId ?? '')
      .execute()
  })

  test('the row that was opened is marked at once', async () => {
    const page = await place.visit(place.ana)
    await page.goto(place.list)
    const color = () =>
      page.evaluate<string>('getComputedStyle(document.querySelectorAll(".grid tbody tr")[4]).backgroundColor')
    const plain = await color()
    const line = place.hold()
    await page.locator('.grid tbody th a').nth(4).click()
    await page.mouse.move(0, 0)
    await expect.poll(color).not.toBe(plain)
    line.release()
    await page.locator('section.panel').waitFor()
  })

  test('a search that is typed on asks once more and shows the last answer', async () => {
    const page = await place.visit(place.ana)
    await page.goto(place.list)
    const line = place.hold()
    await page.getByLabel('Search members').pressSequentially('Abe00')
    await expect.poll(() => line.paths.filter((path) => path.includes('q=Abe00')).length).toBe(1)
    await page.getByLabel('Search members').pressSequentially('7')
    await expect.poll(() => line.paths.filter((path) => path.includes('q=Abe007')).length).toBe(1)
    line.release()
    await expect.poll(() => page.locator('.found output').innerText()).toBe('1 person matches')
    expect(where(page)).toBe(`${place.list}?q=Abe007`)
  })

  test('the first visit is five requests at most and 32 kB, and the next asks for nothing twice', async () => {
    const page = await place.visit(place.ana)
    const session = await page.context().newCDPSession(page)
    await session.send('Network.enable')
    let bytes = 0
    const asked: string[] = []
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength
    })
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.goto(place.list, { waitUntil: 'networkidle' })
    expect(asked.length).toBeLessThanOrEqual(5)
    expect(bytes).toBeGreaterThan(5_000)
    expect(bytes).toBeLessThanOrEqual(32_000)
    asked.length = 0
    await page.goto(`${place.list}?status=active`, { waitUntil: 'networkidle' })
    const again = asked.filter((path) => path.startsWith('/static/'))
    const fetched: string[] = []
    for (const path of again) {
      const timing = await page.evaluate<number>(
        `performance.getEntriesByType('resource').find((one) => one.name.endsWith(${JSON.stringify(path)}))?.transferSize ?? 0`,
      )
      if (timing > 0) fetched.push(path)
    }
    expect(fetched).toEqual([])
  })
})
