import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hashPassword } from '../../src/passwords/hash.ts'
import { freshDatabase } from '../support/database.ts'
import { codesIn } from '../two-factor/phone.ts'
import { openPlace, type Place, where } from './support/place.ts'

/*
 * Two-factor as somebody does it who never did: on a small screen, with a phone that reads the QR code off that screen (zbarimg) and
 * makes codes by itself (oathtool). SCREENSHOTS names a folder to look at each step in.
 */

const password = 'a long walk by the canal'
const run = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: 'utf8' })
const has = (program: string) => run(program, '--version').status === 0
const shots = process.env.SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'rollcall-shots-'))

/** What a phone's camera reads off the screen as it is. */
async function scanned(page: Page, name: string): Promise<URL> {
  const file = join(shots, `${name}.png`)
  const read = run('zbarimg', '--quiet', '--raw', file)
  expect(read.status, `the QR code on ${file} can’t be read`).toBe(0)
  expect(page.url()).not.toContain('secret')
  return new URL(read.stdout.trim())
}
/** The code that the phone shows, so many steps of 30 s from now. */
const codeOf = (secret: string, steps = 0): string => {
  const at = new Date(Date.now() + steps * 30_000).toISOString().replace('T', ' ').slice(0, 19)
  return run('oathtool', '--totp', '--base32', '--now', `${at} UTC`, secret).stdout.trim()
}

let place: Place
beforeAll(async () => {
  mkdirSync(shots, { recursive: true })
  place = await openPlace(await freshDatabase())
})
afterEach(() => place.leave())
afterAll(() => place.close())

describe.skipIf(!has('zbarimg') || !has('oathtool')).each([
  { scheme: 'light', script: true },
  { scheme: 'dark', script: true },
  { scheme: 'light', script: false },
] as const)('at 360 px, $scheme, scripts: $script', ({ scheme, script }) => {
  test('the phone reads the QR code off the page, and its codes turn two-factor on and sign in', async () => {
    const name = `${scheme}${script ? '' : '-no-script'}`
    const person = await place.add({ first: 'Nora', last: 'Quist', role: 'viewer' })
    await place.db
      .updateTable('account')
      .set({ password_hash: await hashPassword(password) })
      .where('id', '=', person.accountId)
      .execute()
    const page = await place.visit(null, { width: 360, height: 740, scheme, script })
    const step = (what: string, fullPage = true) =>
      page.screenshot({ path: join(shots, `${name}-${what}.png`), fullPage, caret: 'initial' })
    const button = (label: string) => page.getByRole('button', { name: label }).click()

    await page.goto('/sign-in')
    const signIn = async () => {
      await page.getByLabel('Email or username').fill(person.email)
      await page.getByLabel('Password').fill(password)
      await button('Sign in')
    }
    await signIn()
    await page.locator('summary[aria-label=Menu]').click()
    await page.getByRole('link', { name: 'Security', exact: true }).filter({ visible: true }).click()
    await page.getByRole('heading', { name: 'Security' }).waitFor()
    await step('1-security')
    await button('Turn on two-factor')
    await page.getByRole('heading', { name: 'Turn on two-factor authentication' }).waitFor()
    await step('2-secret')
    await page.locator('.qr svg').scrollIntoViewIfNeeded()
    await step('2-screen', false)
    const address = await scanned(page, `${name}-2-screen`)
    expect([address.protocol, address.host, decodeURIComponent(address.pathname)]).toEqual([
      'otpauth:',
      'totp',
      `/Rollcall:${person.email}`,
    ])
    expect(address.searchParams.get('issuer')).toBe('Rollcall')
    const secret = address.searchParams.get('secret') ?? ''
    expect((await page.locator('code.secret').innerText()).replace(/\s/g, '')).toBe(secret)
    const link = await page.getByRole('link', { name: 'Open your authenticator app' }).getAttribute('href')
    expect(new URL(link ?? '').href).toBe(address.href)

    await page.getByLabel('Code', { exact: true }).fill('123')
    await button('Confirm the code')
    await page.getByRole('alert').waitFor()
    await step('3-wrong')
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret, -1))
    await button('Confirm the code')
    await page.getByRole('heading', { name: 'Save your backup codes' }).waitFor()
    expect(where(page)).toBe('/profile/security/backup-codes')
    await step('4-codes')
    expect(codesIn(await page.content())).toHaveLength(10)
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download' }).click()
    expect((await download).suggestedFilename()).toBe('rollcall-backup-codes.txt')
    expect(await page.getByRole('button', { name: /Print|Copy/ }).count()).toBe(script ? 2 : 0)
    await page.getByLabel('I have saved these codes').check()
    await button('Turn on two-factor')
    await page.getByText('10 of 10 are left').waitFor()
    await step('5-on')

    await page.locator('summary[aria-label=Menu]').click()
    await page.getByRole('button', { name: 'Sign out' }).filter({ visible: true }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await signIn()
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor()
    await step('6-second-step')
    await page.getByLabel('Code', { exact: true }).fill('000000')
    await button('Sign in')
    await page.getByRole('alert').waitFor()
    await step('7-second-step-wrong')
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret))
    await button('Sign in')
    await page.getByRole('heading', { name: 'Permissions' }).waitFor()
    // The browser writes down each page that said what was wrong.
    expect(place.troubles().filter((line) => !line.includes('422'))).toEqual([])
  })
})
