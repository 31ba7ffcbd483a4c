import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hashPassword } from '../../src/passwords/hash.ts'
import { freshDatabase } from '../support/database.ts'
import { openPlace, type Place, where } from './support/place.ts'
import { startProgram } from './support/program.ts'

const password = 'a long walk by the canal'
let place: Place
beforeAll(async () => {
  place = await openPlace(await freshDatabase())
})
afterEach(async () => {
  await place.leave()
  expect(place.troubles()).toEqual([])
})
afterAll(() => place.close())

/** Somebody new who knows the password. */
async function newcomer(details: { first: string; mustChange?: boolean }) {
  const person = await place.add({ first: details.first, last: 'Quist', role: 'viewer' })
  await place.db
    .updateTable('account')
    .set({ password_hash: await hashPassword(password), must_change_password: details.mustChange ?? false })
    .where('id', '=', person.accountId)
    .execute()
  return person
}

describe.each([
  { width: 1280, script: true },
  { width: 360, script: true },
  { width: 1280, script: false },
])('at $width px, scripts: $script', (look) => {
  test('somebody signs in at the second try, lands where they were going, and leaves nothing behind', async () => {
    const nora = await newcomer({ first: 'Nora' })
    const page = await place.visit(null, look)
    await page.goto(`${place.list}?status=active`)
    expect(where(page)).toBe('/sign-in')

    await page.getByLabel('Email or username').fill(nora.email)
    await page.getByLabel('Password').fill('not the right one at all')
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.getByRole('alert').innerText()).toContain('Email or password is wrong')
    expect(await page.getByLabel('Email or username').inputValue()).toBe(nora.email)
    expect(await page.getByLabel('Password').inputValue()).toBe('')
    expect(place.troubles()).toEqual([expect.stringContaining('422')])

    // The first wrong try costs a second, and the page says so when it is too early.
    await expect
      .poll(
        async () => {
          await page.getByLabel('Password').fill(password)
          await page.getByRole('button', { name: 'Sign in' }).click()
          return where(page)
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(`${place.list}?status=active`)
    place.troubles()
    expect(await page.title()).toBe('Organization members – Rollcall')

    if (look.width === 360) await page.locator('summary[aria-label=Menu]').click()
    else await page.locator('summary', { hasText: 'Nora Quist' }).click()
    await page.getByRole('button', { name: 'Sign out' }).filter({ visible: true }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await page.locator('table').count()).toBe(0)
  })

  test('somebody with a given password chooses their own first', async () => {
    const otto = await newcomer({ first: 'Otto', mustChange: true })
    const page = await place.visit(null, look)
    await page.goto('/sign-in')
    await page.getByLabel('Email or username').fill(otto.email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Choose your own password' }).waitFor()
    await page.getByLabel('New password', { exact: true }).fill('short')
    await page.getByLabel('New password again').fill('short')
    await page.getByRole('button', { name: 'Change password' }).click()
    const error = page.getByRole('alert').getByRole('link').first()
    await error.click()
    expect(await page.evaluate('document.activeElement.id')).toBe('password')
    await page.getByLabel('New password', { exact: true }).fill('seven swans in the rain')
    await page.getByLabel('New password again').fill('seven swans in the rain')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByRole('heading', { name: 'Permissions' }).waitFor()
    place.troubles()
  })
})

describe.each([
  { width: 1280, script: true },
  { width: 360, script: false },
])('the first start, at $width px, scripts: $script', (look) => {
  test('the printed link makes the organization and lets its Admin in, once', async () => {
    const program = await startProgram()
    try {
      const page = await place.visit(null, look)
      await page.goto(program.link)
      await page.getByLabel('Name of the organization').fill('Harbor & Vale')
      await page.getByLabel('Your first name').fill('Ada')
      await page.getByLabel('Your last name').fill('Okonkwo')
      await page.getByLabel('Your email').fill('ada@harbor.example')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByLabel('Password again').fill(`${password}!`)
      await page.getByRole('button', { name: 'Create organization' }).click()
      await page.getByRole('alert').waitFor()
      expect(await page.getByLabel('Name of the organization').inputValue()).toBe('Harbor & Vale')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByLabel('Password again').fill(password)
      await page.getByRole('button', { name: 'Create organization' }).click()

      await page.getByRole('link', { name: 'Ada', exact: true }).waitFor()
      expect(await page.locator('.found').innerText()).toBe('1 person')
      expect(where(page)).toBe('/o/harbor-vale/members')
      const again = await page.goto(program.link)
      expect(again?.status()).toBe(404)
      place.troubles()
    } finally {
      await program.stop()
    }
  })
})
