import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freshDatabase } from '../support/database.ts'
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
const focused = (page: Page) =>
  page.evaluate<string>(
    'document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.innerText',
  )
const panel = (page: Page) => page.locator('section.panel')
const heightOf = async (page: Page, name: string) => {
  const box = await page.getByRole('link', { name, exact: true }).boundingBox()
  return Math.round(box?.y ?? Number.NaN)
}

test('Ana opens somebody with the mouse: the list stays where it is, the row is marked', async () => {
  const page = await place.visit(place.ana)
  await page.goto(`${place.list}?sort=last_name`)
  const link = page.getByRole('link', { name: 'Abe040', exact: true })
  await link.scrollIntoViewIfNeeded()
  const before = await heightOf(page, 'Abe040')
  await link.click()
  await panel(page).waitFor()
  expect(await panel(page).getByRole('heading', { level: 2 }).innerText()).toBe('Abe040 Aldous 040')
  await expect.poll(() => heightOf(page, 'Abe040')).toBe(before)
  expect(await link.getAttribute('aria-current')).toBe('true')
  expect(await focused(page)).toBe('panel')
  expect(await page.title()).toBe('Abe040 Aldous 040 – Rollcall')

  await page.getByRole('link', { name: 'Abe041', exact: true }).click()
  await page.getByRole('heading', { name: 'Abe041 Aldous 041' }).waitFor()
  await expect.poll(() => page.locator('.grid [aria-current]').count()).toBe(1)
  expect(await heightOf(page, 'Abe040')).toBe(before)

  await panel(page).getByRole('link', { name: 'Close', exact: true }).click()
  await panel(page).waitFor({ state: 'detached' })
  expect(await heightOf(page, 'Abe040')).toBe(before)
  expect(await focused(page)).toBe('Abe041')
  expect(where(page)).toBe(place.list)
})

test('Ana does all of it with the keyboard', async () => {
  const page = await place.visit(place.ana)
  await page.goto(place.list)
  await page.getByRole('link', { name: 'Abe003', exact: true }).focus()
  await page.keyboard.press('Enter')
  await panel(page).waitFor()
  expect(await focused(page)).toBe('panel')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Close')
  await page.keyboard.press('Escape')
  await panel(page).waitFor({ state: 'detached' })
  await expect.poll(() => focused(page)).toBe('Abe003')

  await page.keyboard.press('Enter')
  await panel(page).waitFor()
  await page.goBack()
  await panel(page).waitFor({ state: 'detached' })
  await expect.poll(() => focused(page)).toBe('Abe003')
  await page.goForward()
  await panel(page).waitFor()
  expect(await page.locator('.grid [aria-current]').innerText()).toBe('Abe003')
  await expect.poll(() => focused(page)).toBe('panel')
})

test('Escape in the search box empties it and leaves the details open', async () => {
  const page = await place.visit(place.ana)
  await page.goto(place.list)
  await page.getByRole('link', { name: 'Abe003', exact: true }).click()
  await panel(page).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.press('Escape')
  await page.locator('summary', { hasText: 'Status' }).click()
  await page.keyboard.press('Escape')
  expect(await page.locator('details[open]').count()).toBe(0)
  expect(await panel(page).isVisible()).toBe(true)
})

describe.each([
  { width: 1280, script: true },
  { width: 360, script: true },
  { width: 1280, script: false },
  { width: 360, script: false },
])('at $width px, scripts: $script', (look) => {
  test('the details have an address of their own: list, reload and a colleague show the same', async () => {
    const page = await place.visit(place.ana, look)
    await page.goto(`${place.list}?role=viewer`)
    await page.getByRole('link', { name: 'Abe020', exact: true }).click()
    await panel(page).waitFor()
    expect(where(page)).toMatch(new RegExp(`^${place.list}/[\\w-]+\\?role=viewer$`))
    const text = await panel(page).innerText()
    await page.reload()
    expect(await panel(page).innerText()).toBe(text)
    const shown = await page.locator('.grid').isVisible()
    expect(shown).toBe(look.width > 960)
    if (shown) expect(await page.locator('.grid [aria-current]').innerText()).toBe('Abe020')
    const vera = await place.visit(place.vera, look)
    await vera.goto(page.url())
    expect(await panel(vera).getByRole('heading', { name: 'Abe020 Aldous 020' }).isVisible()).toBe(true)

    const back = look.width > 960 ? 'Close' : 'Organization members'
    await panel(page).getByRole('link', { name: back, exact: true }).click()
    await panel(page).waitFor({ state: 'detached' })
    expect(where(page)).toBe(`${place.list}?role=viewer`)
    expect(await page.locator('.grid').isVisible()).toBe(true)
  })
})

test('on a phone the details are the page, and closing them leads back to the same place of the list', async () => {
  const page = await place.visit(place.ana, { width: 360, height: 740 })
  await page.goto(place.list)
  const link = page.getByRole('link', { name: 'Abe030', exact: true })
  await link.scrollIntoViewIfNeeded()
  const before = await heightOf(page, 'Abe030')
  for (const close of ['link', 'back']) {
    await link.click()
    await panel(page).waitFor()
    expect(await page.locator('.grid').isVisible()).toBe(false)
    expect(await page.evaluate('scrollY')).toBe(0)
    expect(await focused(page)).toBe('panel')
    if (close === 'link') await panel(page).getByRole('link', { name: 'Organization members' }).click()
    else await page.goBack()
    await panel(page).waitFor({ state: 'detached' })
    await expect.poll(() => heightOf(page, 'Abe030')).toBe(before)
    await expect.poll(() => focused(page)).toBe('Abe030')
  }
})

test('Mia, who may not see the list, reads her own details', async () => {
  const page = await place.visit(place.mia)
  await page.goto('/')
  expect(where(page)).toBe(`${place.list}/me`)
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Mia Member')
  expect(await page.getByRole('link', { name: 'Close' }).count()).toBe(0)
  await page.keyboard.press('Escape')
  expect(where(page)).toBe(`${place.list}/me`)
})

test('a row’s Actions is a menu, by mouse and by keyboard', async () => {
  const page = await place.visit(place.ana)
  await page.goto(place.list)
  const actions = page.locator('tr', { hasText: 'Abe003' }).locator('.go')
  const menu = page.locator('#acts:popover-open')
  await actions.focus()
  await page.keyboard.press('Space')
  await menu.waitFor()
  expect([await focused(page), await actions.getAttribute('aria-expanded')]).toEqual(['Edit', 'true'])
  await page.keyboard.press('ArrowUp')
  expect(await focused(page)).toBe('Remove from organization')
  await page.keyboard.press('Escape')
  expect([await menu.count(), await focused(page)]).toEqual([0, 'Actions'])

  await page.locator('tr', { hasText: 'Abe001' }).locator('.go').click()
  await menu.waitFor()
  await page.locator('tr', { hasText: 'Abe012' }).locator('.go').click()
  await expect.poll(() => menu.getAttribute('aria-label')).toBe('Actions: Abe012 Aldous 012')
  await menu.getByRole('link', { name: 'Start and end date' }).click()
  await panel(page).getByLabel('End date').waitFor()
  expect([await focused(page), await menu.count()]).toEqual(['panel', 0])
  expect(await page.locator('.grid [aria-current]').innerText()).toBe('Abe012')
})
