import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/platform/ids.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson } from '../support/world.ts'
import { crowd } from './support/people.ts'
import { openPlace, type Place, where } from './support/place.ts'

let place: Place
let list: string
beforeAll(async () => {
  place = await openPlace(await freshDatabase())
  list = place.list
  await crowd(place, 110)
})
afterEach(async () => {
  await place.leave()
  expect(place.troubles()).toEqual([])
})
afterAll(() => place.close())

type Page = Awaited<ReturnType<Place['visit']>>
const people = (page: Page) => page.locator('.grid tbody th a')
const firstPerson = (page: Page) => people(page).first().innerText()
const focused = (page: Page) => page.evaluate<string>('document.activeElement.id || document.activeElement.textContent')

/** Opens one filter, behind the sheet's button where there is no room for it, ticks a box, and applies. */
async function filter(page: Page, name: string, choice: string) {
  const sheet = page.locator('.find > .fold')
  if (await sheet.isVisible()) await sheet.click()
  const menu = page.locator('.filters details', { has: page.locator(`summary:text-is("${name}")`) })
  await menu.locator('summary').click()
  await menu.getByLabel(choice, { exact: true }).check()
  await menu.getByRole('button', { name: 'Apply' }).click()
}

describe.each([
  { width: 1280, script: true },
  { width: 360, script: true },
  { width: 1280, script: false },
])('Ana reads the list at $width px, scripts: $script', (look) => {
  const wide = look.width > 640

  test('and pages through all of it, forward and back', async () => {
    const page = await place.visit(place.ana, look)
    await page.goto(list)
    expect(await page.locator('.found output').innerText()).toBe('116 people')
    expect(await people(page).count()).toBe(50)
    const first = await firstPerson(page)
    await page.getByRole('link', { name: 'Next' }).click()
    await expect.poll(() => page.locator('.pager span').innerText()).toBe('51–100 of 116')
    await expect.poll(() => page.evaluate('scrollY')).toBe(0)
    const second = await firstPerson(page)
    await page.getByRole('link', { name: 'Next' }).click()
    await expect.poll(() => page.locator('.pager span').innerText()).toBe('101–116 of 116')
    expect(await page.getByRole('link', { name: 'Next' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Previous' }).click()
    await expect.poll(() => firstPerson(page)).toBe(second)
    await page.getByRole('link', { name: 'Previous' }).click()
    await expect.poll(() => firstPerson(page)).toBe(first)
  })

  test('sorts by a column, both ways, and the address keeps it', async () => {
    const page = await place.visit(place.ana, look)
    await page.goto(list)
    const head = page.locator('th', { hasText: 'First name' })
    // On a phone the heads are gone, and the filters' sheet sorts.
    const sort = async (choice: string) => {
      if (wide) return head.getByRole('link').click()
      await page.locator('.find > .fold').click()
      await page.getByLabel('Sort by').selectOption(choice)
      await page.getByRole('button', { name: 'Show people' }).click()
    }
    await sort('First name')
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('ascending')
    expect(where(page)).toBe(`${list}?sort=first_name`)
    await sort('First name, descending')
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('descending')
    expect(await firstPerson(page)).toBe('Vera')
    expect(where(page)).toBe(`${list}?sort=-first_name`)
    await page.reload()
    expect(await firstPerson(page)).toBe('Vera')
  })

  test('filters, takes one filter away by its chip and the rest at once', async () => {
    const page = await place.visit(place.ana, look)
    await page.goto(list)
    await filter(page, 'Status', 'Suspended')
    await expect.poll(() => page.locator('.found output').innerText()).toBe('15 people match')
    await filter(page, 'Role', 'Viewer')
    await expect.poll(() => page.locator('.found output').innerText()).toBe('1 person matches')
    const query = new URL(page.url()).searchParams
    expect([query.getAll('status'), query.getAll('role')]).toEqual([['suspended'], ['viewer']])
    // What was chosen no longer covers the list.
    await expect.poll(() => page.locator('.filters details[open]').count()).toBe(0)
    expect(await page.locator('#filters').isVisible()).toBe(wide)
    if (!wide) expect(await page.locator('.find > .fold').innerText()).toBe('Filters (2)')

    const shared = await place.visit(place.vera, look)
    await shared.goto(page.url())
    expect(await people(shared).allInnerTexts()).toEqual(await people(page).allInnerTexts())

    await page.getByRole('link', { name: 'Remove filter Role: Viewer' }).click()
    await expect.poll(() => page.locator('.found output').innerText()).toBe('15 people match')
    expect(await page.locator('input[value=viewer]').isChecked()).toBe(false)
    expect(await page.locator('input[value=suspended]').isChecked()).toBe(true)
    await page.getByRole('link', { name: 'Clear filters' }).click()
    await expect.poll(() => page.locator('.found output').innerText()).toBe('116 people')
    expect(where(page)).toBe(list)
  })

  test('finds nobody, and is offered the way back', async () => {
    const page = await place.visit(place.ana, look)
    await page.goto(`${list}?q=nobody+at+all&status=active`)
    await page.getByRole('heading', { name: 'Nobody matches all of this' }).waitFor()
    await page.locator('.empty').getByRole('link', { name: 'Clear filters' }).click()
    await expect.poll(() => page.locator('.found output').innerText()).toBe('116 people')
    expect(await page.getByLabel('Search members').inputValue()).toBe('')
  })

  test('goes back and forward through what was looked at', async () => {
    const page = await place.visit(place.ana, look)
    await page.goto(list)
    const first = await firstPerson(page)
    await page.getByRole('link', { name: 'Next' }).click()
    await expect.poll(() => page.locator('.pager span').innerText()).toBe('51–100 of 116')
    await filter(page, 'Status', 'Suspended')
    await expect.poll(() => page.locator('.found output').innerText()).toBe('15 people match')
    await page.goBack()
    await expect.poll(() => page.locator('.pager span').innerText()).toBe('51–100 of 116')
    expect(await page.locator('input[value=suspended]').isChecked()).toBe(false)
    await page.goBack()
    await expect.poll(() => firstPerson(page)).toBe(first)
    await page.goForward()
    await page.goForward()
    await expect.poll(() => page.locator('.found output').innerText()).toBe('15 people match')
    expect(await page.locator('input[value=suspended]').isChecked()).toBe(true)
  })
})

test('Ana types a name: the list follows, the caret stays, and Back is one step', async () => {
  const page = await place.visit(place.ana)
  await page.goto(list)
  await page.keyboard.press('/')
  expect(await focused(page)).toBe('q')
  await page.keyboard.type('Abe00')
  await expect.poll(() => page.locator('.found output').innerText()).toBe('9 people match')
  await page.keyboard.type('7')
  await expect.poll(() => page.locator('.found output').innerText()).toBe('1 person matches')
  expect(await focused(page)).toBe('q')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Backspace')
  await expect.poll(() => page.getByLabel('Search members').inputValue()).toBe('Abe07')
  await expect.poll(() => page.locator('.found output').innerText()).toBe('10 people match')
  expect(await page.evaluate('document.activeElement.selectionStart')).toBe(4)
  expect(where(page)).toBe(`${list}?q=Abe07`)
  await page.goBack()
  await expect.poll(() => page.locator('.found output').innerText()).toBe('116 people')
  expect(where(page)).toBe(list)
})

test('whoever listens is told the number of people, and isn’t sent to the top when what they pressed is gone', async () => {
  const page = await place.visit(place.ana)
  await page.goto(`${list}?status=suspended`)
  expect(await page.getByRole('status').first().innerText()).toBe('15 people match')
  await page.getByRole('link', { name: 'Clear filters' }).focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => page.locator('.found output').innerText()).toBe('116 people')
  await expect.poll(() => focused(page)).toBe('116 people')
})

test('Ana takes the filtered list out as a file', async () => {
  const page = await place.visit(place.ana)
  await page.goto(list)
  await filter(page, 'Status', 'Suspended')
  await expect.poll(() => page.locator('.found output').innerText()).toBe('15 people match')
  await page.locator('summary', { hasText: 'Download' }).click()
  for (const [name, ending] of [
    ['CSV', /\.csv$/],
    ['Excel', /\.xlsx$/],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: new RegExp(name) }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(ending)
    expect(download.url()).toContain('status=suspended')
    expect(await download.failure()).toBe(null)
  }
})

test.each([
  ['Arabic', 'عبد الرحمن بن محمد بن عبد العزيز بن إبراهيم الفاروقي الهاشمي القرشي'],
  ['Hebrew', 'אברהמוביץ׳-רוזנבלום בן־יהושע הכהן שפירא מלכה־גולדשטיין אבולעפיה'],
  ['English', 'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh the Younger'],
])('of a long %s name its beginning is seen, and its end is cut', async (_, last) => {
  await addPerson(place.db, place.here, new Date(), { first: 'Zed', last, email: `${newId()}@harbor.example` })
  const page = await place.visit(place.ana, { width: 1280, script: false })
  await page.goto(`${list}?${new URLSearchParams({ q: last.split(' ')[0] ?? '' })}`)
  const seen = await page.evaluate<boolean[]>(`(() => {
    const cell = document.querySelector('.grid tbody td')
    const box = cell.getBoundingClientRect()
    const letter = (at) => {
      const range = document.createRange()
      range.setStart(cell.firstChild, at)
      range.setEnd(cell.firstChild, at + 1)
      const { left, right } = range.getBoundingClientRect()
      return left >= box.left && right <= box.right
    }
    return [letter(0), letter(cell.textContent.length - 1), box.width < 400]
  })()`)
  expect(seen).toEqual([true, false, true])
})

test('a short one stays at the left of its column, whichever way it runs', async () => {
  await addPerson(place.db, place.here, new Date(), { first: 'Zed', last: 'כהן', email: `${newId()}@harbor.example` })
  const page = await place.visit(place.ana, { width: 1280, script: false })
  await page.goto(`${list}?q=${encodeURIComponent('כהן')}`)
  const gap = await page.evaluate<number>(`(() => {
    const cell = document.querySelector('.grid tbody td')
    const range = document.createRange()
    range.selectNodeContents(cell)
    return range.getBoundingClientRect().left - cell.getBoundingClientRect().left
  })()`)
  expect(gap).toBeLessThan(10)
})
