import { afterAll, beforeAll, expect, test } from 'vitest'
import { invite, password } from '../joining/invited.ts'
import { freshDatabase } from '../support/database.ts'
import { openPlace, type Place, where } from './support/place.ts'

let place: Place
beforeAll(async () => {
  place = await openPlace(await freshDatabase())
})
afterAll(() => place.close())

test.each([
  { width: 1280, script: true },
  { width: 360, script: true },
  { width: 1280, script: false },
])('Nora joins by her mail’s link, at $width px, scripts: $script', async (look) => {
  const inv = await invite(place as never)
  const page = await place.visit(null, look)
  await page.goto(inv.link())
  expect(where(page)).toBe('/join')
  await page.getByLabel('Last name').fill('New')
  const field = page.getByLabel('New password', { exact: true })
  const told = page.locator('output')
  if (look.script) {
    await field.pressSequentially('seven herons a')
    await expect.poll(() => told.innerText()).toBe('1 character more is needed')
    await field.pressSequentially('b')
    await expect.poll(() => told.innerText()).toContain('Long enough')
    await field.fill('')
    await expect.poll(() => told.innerText()).toBe('')
    await field.fill(password)
    await expect.poll(() => told.innerText()).toBe('Strong')
  } else expect(await told.count()).toBe(0)
  await field.fill(password)
  await page.getByLabel('New password again').fill(password)
  await page.getByRole('button', { name: 'Accept and join' }).click()
  await page.waitForURL(/\/members\/me$/)
  expect(place.troubles()).toEqual([])
  await place.leave()
})
