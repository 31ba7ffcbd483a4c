import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { setUpToken } from '../../src/set-up/token.ts'
import { type Answer, Browser, origin } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { startApp } from '../support/world.ts'
import { everybody, type Principal, principals } from './everybody.ts'
import { root } from './sources.ts'

let world: Awaited<ReturnType<typeof everybody>>
beforeAll(async () => {
  world = await everybody()
  // More than a page, so that there is one before and one after.
  const { addPerson } = await import('../support/world.ts')
  for (let n = 0; n < 120; n++)
    await addPerson(world.db, world.here, world.clock.now, {
      first: `First ${n}`,
      last: `Last ${n % 10}`,
      ...(n % 2 ? { group: world.here.group } : {}),
    })
})

type Lead = { kind: 'get' | 'post'; to: string }
const plain = (text: string) =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&')

/** Every address that a page or fragment leads to: links, forms, htmx requests, style, script, icons. */
function leadsOf(html: string, here: string): Lead[] {
  const found: Lead[] = []
  for (const [, name = '', attributes = ''] of html.matchAll(/<([a-z]\w*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g)) {
    const of = (attribute: string) => {
      const value = new RegExp(`\\s${attribute}="([^"]*)"`).exec(attributes)?.[1]
      return value === undefined ? undefined : plain(value)
    }
    const method = of('method')?.toLowerCase() === 'post' ? 'post' : 'get'
    for (const attribute of ['href', 'src', 'action', 'formaction', 'data-hx-get', 'data-hx-post']) {
      const value = of(attribute)
      if (value === undefined) continue
      const kind = attribute === 'data-hx-post' || (/action$/.test(attribute) && method === 'post') ? 'post' : 'get'
      found.push({ kind, to: value })
    }
    if (name === 'form' && of('action') === undefined && of('data-hx-get') === undefined)
      found.push({ kind: method, to: here })
  }
  return found
}

/** What else a page points to inside itself. */
function danglingIn({ html }: Answer): string[] {
  const ids = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))
  const wanted = [
    ...[...html.matchAll(/\s(?:for|popovertarget|aria-labelledby|aria-describedby|aria-controls)="([^"]+)"/g)].flatMap(
      ([, list]) => (list ?? '').split(' '),
    ),
    ...[...html.matchAll(/\shref="#([^"]+)"/g)].map(([, id]) => id ?? ''),
    ...[...html.matchAll(/\sdata-hx-(?:target|select|indicator)(?::inherited)?="#([\w-]+)"/g)].map(
      ([, id]) => id ?? '',
    ),
  ]
  const twice = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id).filter((id, n, all) => all.indexOf(id) !== n)
  return [...wanted.filter((id) => !ids.has(id)).map((id) => `#${id} is missing`), ...twice.map((id) => `#${id} twice`)]
}

const symbols = new Set(
  [...readFileSync(join(root, 'static/icons.svg'), 'utf8').matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id),
)

/** The kind of an address: one of each kind is followed from one principal, for all of a list's links are alike. */
const shape = (url: URL) =>
  `${url.pathname.replace(/[\w-]{16}$/, ':id')}?${[...url.searchParams]
    .map(([name, value]) => (['sort', 'status', 'role', 'two_factor'].includes(name) ? `${name}=${value}` : name))
    .sort()
    .join('&')}`

async function walk(enter: () => Promise<Browser>, starts: string[], most = 150) {
  const browser = await enter()
  const seen = new Set<string>()
  const posts = new Set<string>()
  const takingFiles = new Set<string>()
  const opened: string[] = []
  const wrong: string[] = []
  const queue = starts.map((to) => ({ to, from: 'the start' }))
  for (let next = queue.shift(); next && opened.length < most; next = queue.shift()) {
    const url = new URL(next.to, origin)
    if (seen.has(shape(url))) continue
    // Where we begin may be refused; once a page leads there it may not.
    if (next.from !== 'the start') seen.add(shape(url))
    for (const asked of [browser, browser.swap]) {
      if (asked !== browser && !url.pathname.startsWith('/o/')) continue
      if (asked !== browser && /\.(csv|xlsx)$/.test(url.pathname)) continue
      const answer = await asked.get(url.pathname + url.search)
      const place = `${asked === browser ? 'page' : 'swap'} ${url.pathname}${url.search} from ${next.from}`
      if (next.from !== 'the start' && ![200, 301, 303].includes(answer.status)) wrong.push(`${answer.status} ${place}`)
      if (answer.status >= 500) wrong.push(`${answer.status} ${place}`)
      if (answer.location) queue.push({ to: answer.location, from: place })
      if (!answer.headers.get('content-type')?.startsWith('text/html')) continue
      opened.push(place)
      if (asked === browser && answer.html) wrong.push(...danglingIn(answer).map((what) => `${what} on ${place}`))
      for (const [form, inside = ''] of answer.html.matchAll(/<form[^>]*\smethod="post"[^>]*>(.*?)<\/form>/gs))
        if (!/<(input|select|textarea|button)\b[^>]*\sname="/.test(inside))
          wrong.push(`lynx would send ${form.slice(0, 60)} by GET, having no field, on ${place}`)
      // Of the frame's forms, signing out, lynx can send from a page with a query only by way of another (text-browser.test.ts).
      if (asked === browser && /<main.*<form[^>]*\smethod="post"/s.test(answer.html)) {
        if (url.search) wrong.push(`lynx can't send the form on ${place}`)
        const { location } = await asked.get(`${url.pathname}?x=1`)
        if (location !== url.pathname) wrong.push(`lynx couldn't send the form with a query on ${place}`)
      }
      for (const [, to = ''] of answer.html.matchAll(/ action="([^"]+)" enctype="multipart\/form-data"/g))
        takingFiles.add(to)
      for (const { kind, to } of leadsOf(answer.html, url.pathname + url.search)) {
        if (/^(mailto:|data:,$|#)/.test(to)) continue
        const target = new URL(to, url)
        if (target.origin !== origin) wrong.push(`${to} leads away, on ${place}`)
        else if (kind === 'post') posts.add(target.pathname + target.search)
        else if (target.pathname.startsWith('/static/') && target.hash) {
          if (!symbols.has(target.hash.slice(1))) wrong.push(`no icon ${target.hash}, on ${place}`)
          queue.push({ to: target.pathname, from: place })
        } else queue.push({ to: target.pathname + target.search, from: place })
      }
    }
  }
  for (const to of posts) {
    const file = { headers: { 'Content-Type': 'multipart/form-data; boundary=x' }, body: '--x--\r\n' }
    const answer = await (await enter()).post(to, {}, takingFiles.has(to) ? file : {})
    // A form with nothing in it comes back, or does what it does without fields.
    if (![200, 303, 422].includes(answer.status)) wrong.push(`${answer.status} for the form ${to}`)
  }
  return { wrong, opened, posts: [...posts] }
}

describe('every link and form leads somewhere', () => {
  const screens: Partial<Record<Principal, number>> = {
    admin: 60,
    viewer: 60,
    'group manager': 60,
    member: 2,
    developer: 2,
  }
  test.each(principals)('for %s', async (who) => {
    const base = who === 'admin elsewhere' ? world.there : world.here
    const starts = ['/', `/o/${base.slug}`, '/sign-in', '/cannot-sign-in', '/nothing', `/o/${base.slug}/members`]
    const { wrong, opened, posts } = await walk(() => world.enter(who), starts)
    // Whose only place is closed for now is told so, and whom to ask, on what is their first page.
    const told = new RegExp(`^403 (page|swap) /o/${base.slug} from `)
    const isClosed = ['suspended', 'ended', 'not started'].includes(who)
    expect(wrong.filter((one) => !isClosed || !told.test(one))).toEqual([])
    expect(opened.length).toBeGreaterThanOrEqual(screens[who] ?? 2)
    expect(posts.length).toBeGreaterThan(0)
  })

  test('at the first start', async () => {
    const database = await freshDatabase()
    const { app, services } = startApp(database)
    const link = `/setup?token=${setUpToken(services.key)}`
    const enter = async () => {
      const browser = new Browser(app)
      await browser.get(link)
      return browser
    }
    const { wrong, posts } = await walk(enter, [link])
    expect(wrong).toEqual([])
    expect(posts).toEqual(['/setup'])
    await database.close()
  })
})

test('the menus are walked too', async () => {
  const admin = await world.enter('admin')
  const { html } = await admin.get('members')
  const leads = leadsOf(html, '/').map(({ to }) => to.replace(/\?.*/, ''))
  for (const part of ['/members/me', '/members', '/sign-out', '/members.csv', '/members.xlsx'])
    expect(leads.some((to) => to.endsWith(part))).toBe(true)
  const { opened } = await walk(() => world.enter('admin'), [`/o/${world.here.slug}/members`], 300)
  for (const part of ['after=', 'before=', 'sort=-group', 'page /o/', 'swap /o/', '/members/me'])
    expect(
      opened.some((place) => place.includes(part)),
      part,
    ).toBe(true)
})

test('a link that leads nowhere would be found', async () => {
  expect(leadsOf('<a class="x" href="/o/a?b=1&amp;c=2">', '/')).toEqual([{ kind: 'get', to: '/o/a?b=1&c=2' }])
  expect(
    leadsOf('<form method="post" action="/x"><form data-hx-get="/y" action="/y"><form method="post">', '/z'),
  ).toEqual([
    { kind: 'post', to: '/x' },
    { kind: 'get', to: '/y' },
    { kind: 'get', to: '/y' },
    { kind: 'post', to: '/z' },
  ])
  expect(danglingIn({ html: '<label for="q"></label><b id="a"></b><b id="a"></b>' } as Answer)).toEqual([
    '#q is missing',
    '#a twice',
  ])
})
