import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { violations } from './support/axe.ts'
import { checkHtml, hasJava } from './support/html.ts'
import type { Place } from './support/place.ts'
import type { Screen } from './support/screen.ts'
import { openScreens } from './support/screens.ts'

let place: Place
let close: () => Promise<unknown>
/** What was found on the way through every screen, one line a finding, each with the screen's name. */
const found = {
  access: [] as string[],
  complaints: [] as string[],
  tooWide: [] as string[],
  html: new Map<string, string>(),
}

/** Counts come without one. */
const titled = (html: string) => (html.includes('<title>') ? html : `<title>Part</title>${html}`)
/** A swap as a whole page, which alone can be checked; what is one stays as it is. */
const asPage = (html: string) =>
  /^<!doctype/i.test(html)
    ? html
    : `<!doctype html><html lang="en">${/<h1[\s>]/.test(html) ? html : titled(html).replace('</title>', '</title><h1>List</h1>')}`

/** The browser of each who is signed in, which has the style and the scripts from the first screen on. */
const browsers = new Map<Screen['who'], BrowserContext>()

async function look(screen: Screen) {
  const page = await place.visit(screen.who, {}, browsers.get(screen.who))
  if (screen.who) browsers.set(screen.who, page.context())
  const answers: Promise<void>[] = []
  const keep = async (method: string, text: Promise<string>) => {
    found.html.set(`${screen.name} (${method})`, asPage(await text))
  }
  page.on('response', (response) => {
    const isPage = response.headers()['content-type']?.startsWith('text/html') && response.status() !== 303
    if (isPage) answers.push(keep(response.request().method(), response.text()))
  })
  const judge = async (looks: string, colors = false) => {
    for (const line of await violations(page, colors)) found.access.push(`${screen.name}, ${looks}: ${line}`)
  }
  const measure = async (looks: string) => {
    const over = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    if (over > 0) found.tooWide.push(`${screen.name}, ${looks}: ${over} px`)
  }
  await page.goto(screen.path)
  await screen.act?.(page)
  await judge('1280 px, light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await judge('1280 px, dark', true)
  await Promise.all(answers)

  await page.setViewportSize({ width: 360, height: 740 })
  if (screen.act) {
    await page.goto(screen.path)
    await screen.act(page)
  }
  await judge('360 px, dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await judge('360 px, light', true)
  await page.setViewportSize({ width: 320, height: 640 })
  await measure('320 px')
  const session = await page.context().newCDPSession(page)
  await session.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } })
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    await measure(`${width} px with text twice as large`)
  }
  // A page that is an error is one in the console, too.
  for (const line of place.troubles())
    if (!/the server responded with a status of 4\d\d/.test(line)) found.complaints.push(`${screen.name}: ${line}`)
  await page.close()
}

beforeAll(async () => {
  const opened = await openScreens()
  ;({ place, close } = opened)
  for (const screen of opened.screens) await look(screen)
  await place.leave()
}, 900_000)
afterEach(() => place.leave())
afterAll(() => close())

test('every screen is clean to axe-core, wide and narrow, light and dark', () => {
  expect(found.access).toEqual([])
})

test('no screen complains: no script error, nothing refused by the content policy, nothing missing', () => {
  expect(found.complaints).toEqual([])
})

test('every screen fits 320 px, and with text twice as large 360 and 1280 px', () => {
  expect(found.tooWide).toEqual([])
})

test.runIf(hasJava())('every page and every swap is valid HTML (vnu; left out where there is no Java)', async () => {
  const pages = new Map(found.html)
  const { ana, list, origin } = place
  const headers = {
    Cookie: [...ana.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    'HX-Request': 'true',
    'HX-Request-Type': 'partial',
  }
  for (const path of [list, `${list}?status=active&q=a`, `${list}?q=nobody+at+all`, `${list}/me`]) {
    const answer = await fetch(origin + path, { headers })
    const swap = await answer.text()
    expect(swap).toContain('<title>')
    pages.set(`swap of ${path}`, asPage(swap))
  }
  expect(pages.size).toBeGreaterThan(25)
  expect(checkHtml(pages)).toEqual([])
})

test('what a name holds stays a name', async () => {
  const page = await place.visit(place.ana)
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await page.goto(`${place.list}?q=onerror`)
  await page.getByRole('link', { name: /onerror/ }).click()
  await page.locator('section.panel').waitFor()
  expect(await page.locator('section.panel h2').innerText()).toContain('<img src=x onerror=')
  expect(await page.locator('main img').count()).toBe(0)
  expect(asked.filter((path) => path.includes('sign-in') || path.endsWith('/x'))).toEqual([])
  expect(await page.title()).toContain('<img src=x')
  expect(place.troubles()).toEqual([])
})

test('in forced colors what is current, chosen or focused is still told apart', async () => {
  const page = await place.visit(place.ana, { forced: true })
  await page.goto(`${place.list}?status=active`)
  await page.locator('.grid tbody th a').first().click()
  await page.locator('section.panel').waitFor()
  const style = (selector: string, property: string) =>
    page.evaluate<string>(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`)
  expect(await style('.grid tr:has([aria-current])', 'outlineStyle')).toBe('solid')
  expect(await style('.side [aria-current]', 'outlineStyle')).toBe('solid')
  expect(await style('.tabs [aria-current]', 'borderBottomStyle')).toBe('solid')
  for (const part of ['.btn', '.q input', '.panel']) expect(await style(part, 'borderTopStyle'), part).not.toBe('')
  expect(place.troubles()).toEqual([])
})

test('whoever wants less motion gets none', async () => {
  const page = await place.visit(place.ana, { reduced: true })
  await page.goto(place.list)
  const line = place.hold()
  await page.getByRole('link', { name: 'Next' }).click()
  await page.locator('#people[aria-busy=true]').waitFor()
  const moving = 'document.getAnimations().filter((one) => one.animationName === "run").length'
  expect(await page.evaluate(moving)).toBe(0)
  line.release()
  await page.locator('[aria-busy]').waitFor({ state: 'detached' })
  await page.locator('.grid tbody th a').first().click()
  await page.locator('section.panel').waitFor()
  expect(await page.evaluate('document.getAnimations().length')).toBe(0)
  place.troubles()
})
