import { beforeAll, describe, expect, test } from 'vitest'
import { asset } from '../../src/platform/web/static.ts'
import { type Answer, Browser, someIp } from '../support/browser.ts'
import { minutes, organization, signedIn } from '../support/world.ts'

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** What every answer carries, whatever it is. */
const always: Record<string, string> = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}
const never = [
  'server',
  'x-powered-by',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-expose-headers',
  'x-frame-options',
  'x-xss-protection',
  'etag',
  'last-modified',
]

type World = Awaited<ReturnType<typeof organization>>
let world: World
let broken: World
let away: World
beforeAll(async () => {
  world = await organization()
  broken = await organization()
  away = await organization()
})

const withDatabase = async (one: World, error: Error, ask: () => Promise<Answer>) => {
  const { db } = one.services
  one.services.db = {
    executeQuery: () => Promise.reject(error),
    withoutPlugins: () => one.services.db,
  } as never
  try {
    return await ask()
  } finally {
    one.services.db = db
  }
}
const bug = () =>
  Object.assign(new Error('relation "secret_table" at /srv/rollcall/src/x.ts:12'), { name: 'TypeError' })
const down = () => Object.assign(new Error('connect ECONNREFUSED 10.0.0.9:5432'), { code: 'ECONNREFUSED' })

const cases: [name: string, ask: () => Promise<Answer>, status: number][] = [
  ['the list', () => world.ana.get('members'), 200],
  ['the list as a swap', () => world.ana.swap.get('members'), 200],
  ['a person', () => world.ana.get(`members/${world.mia.person.id}`), 200],
  ['oneself', () => world.mia.get('members/me'), 200],
  ['a download as CSV', () => world.ana.get('members.csv'), 200],
  ['a download as Excel', () => world.ana.get('members.xlsx'), 200],
  ['signing in', () => world.stranger.get('/sign-in'), 200],
  ['a wrong sign-in', () => world.stranger.post('/sign-in', { login: '', password: '' }), 422],
  ['help with signing in', () => world.stranger.get('/cannot-sign-in'), 200],
  ['a reset link that doesn’t work', () => world.stranger.get('/reset-password/x.1.y'), 404],
  ['set-up when it is over', () => world.stranger.get('/setup?token=x'), 404],
  ['a redirect to sign in', () => world.stranger.get('members'), 303],
  ['a redirect for htmx', () => world.stranger.swap.get('members'), 200],
  ['a redirect from a trailing slash', () => world.ana.get('members/'), 301],
  ['a bad form', () => world.stranger.post('/sign-in', { login: 'a', password: 'b', admin: '1' }), 400],
  ['a refusal', () => world.mia.get('members'), 403],
  ['a refusal as a toast', () => world.mia.swap.get('members'), 403],
  ['another site’s form', () => world.ana.post('/sign-out', {}, { headers: { 'Sec-Fetch-Site': 'cross-site' } }), 403],
  ['what isn’t there', () => world.ana.get('/nothing'), 404],
  ['what isn’t there, as a toast', () => world.ana.swap.get('members/nothing'), 404],
  ['a static file that isn’t there', () => world.ana.get('/static/nothing.js'), 404],
  ['an odd spelling', () => world.ana.get('/o//x'), 404],
  ['an odd method', () => world.ana.send('DELETE', 'members'), 405],
  ['another host', () => world.ana.get('members', { headers: { Host: 'evil.example' } }), 421],
  ['too large a form', () => world.stranger.post('/sign-in', { login: 'a'.repeat(70_000), password: 'x' }), 413],
  [
    'a form of another type',
    () =>
      world.stranger.send('POST', '/sign-in', {
        body: '{}',
        headers: { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/json' },
      }),
    415,
  ],
  ['a bug', () => withDatabase(broken, bug(), () => broken.ana.get('members')), 500],
  ['a bug as a toast', () => withDatabase(broken, bug(), () => broken.ana.swap.get('members')), 500],
  ['a database that is away', () => withDatabase(away, down(), () => away.ana.get('members')), 503],
  ['health', () => world.stranger.get('/healthz'), 200],
  ['readiness', () => world.stranger.get('/readyz'), 200],
  ['figures, to somebody else', () => world.stranger.get('/metrics'), 404],
  ['a form’s success', () => world.dev.post('/sign-out'), 303],
]

describe('every answer', () => {
  test.each(cases)('%s', async (_, ask, status) => {
    const answer = await ask()
    expect(answer.status).toBe(status)
    for (const [name, value] of Object.entries(always)) expect([name, answer.headers.get(name)]).toEqual([name, value])
    for (const name of never) expect([name, answer.headers.get(name)]).toEqual([name, null])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    // Plain http: no promise of https.
    expect(answer.headers.get('strict-transport-security')).toBeNull()
    const vary = (answer.headers.get('vary') ?? '').split(',').map((one) => one.trim().toLowerCase())
    expect(vary).toContain('cookie')
    if (answer.headers.get('content-type')?.startsWith('text/html')) expect(vary).toContain('hx-request-type')
    if (answer.html) expect(answer.headers.get('content-type')).toMatch(/^[a-z]+\/[\w.+-]+(; ?charset=utf-8)?$/i)
  })

  test('a stylesheet is cached for ever and for everybody, with the same protection', async () => {
    for (const name of ['app.css', 'app.js', 'icons.svg', 'password.js']) {
      const answer = await world.stranger.get(asset(name))
      expect(answer.status).toBe(200)
      for (const [header, value] of Object.entries(always)) expect(answer.headers.get(header)).toBe(value)
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(answer.headers.get('vary')).toBe('Accept-Encoding')
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
  })

  test('signing out clears what scripts kept, and leaves style and script', async () => {
    const answer = await world.vera.post('/sign-out')
    expect(answer.headers.get('clear-site-data')).toBe('"storage"')
    expect((await world.vera.get('members')).status).toBe(303)
  })

  test('nobody asking for CORS gets it', async () => {
    const headers = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' }
    for (const answer of [
      await world.ana.get('members', { headers }),
      await world.ana.send('OPTIONS', 'members', { headers }),
      await world.stranger.get(asset('app.js'), { headers }),
    ])
      for (const [name] of answer.headers) expect(name).not.toMatch(/^access-control/)
  })
})

describe('a failure tells nothing of the inside (R-31)', () => {
  test.each([
    ['page', (browser: Browser) => browser],
    ['toast', (browser: Browser) => browser.swap],
  ])('a bug is a %s with the request’s number, which is in the log with it', async (_, from) => {
    const before = broken.log.length
    const answer = await withDatabase(broken, bug(), () => from(broken.ana).get('members?q=secret'))
    const [line, ...others] = broken.log.slice(before)
    expect(others).toEqual([])
    expect(line).toMatchObject({ level: 'error', message: 'request failed' })
    expect(answer.text).toContain(String(line?.facts.request))
    expect(answer.html).not.toMatch(/secret_table|srv|\.ts|TypeError|at Object|relation|stack/)
    expect(JSON.stringify(line)).not.toContain('q=secret')
  })
  test('without a database nobody is let in: 503, and when to try again', async () => {
    const answer = await withDatabase(away, down(), () => away.ana.get('members'))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2'])
    expect(answer.html).not.toMatch(/ECONN|10\.0\.0\.9|5432/)
    expect(away.log.every(({ level }) => level === 'warn')).toBe(true)
  })
})

describe('over https', () => {
  let secure: World
  const host = { Host: 'access.example.org' }
  beforeAll(async () => {
    secure = await organization({ env: { PUBLIC_URL: 'https://access.example.org' } })
  })

  test('browsers are told to stay there', async () => {
    for (const path of ['members', '/nothing', '/healthz', asset('app.css')]) {
      const answer = await secure.ana.get(path, { headers: host })
      expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
    }
  })

  test('cookies carry the __Host- prefix and all that it demands', async () => {
    const { hashPassword } = await import('../../src/passwords/hash.ts')
    const password = 'a lamp beside the open window'
    await secure.db
      .updateTable('account')
      .set({ password_hash: await hashPassword(password) })
      .where('id', '=', secure.ana.person.accountId ?? '')
      .execute()
    const browser = new Browser(secure.app, `/o/${secure.here.slug}`)
    const answer = await browser.post('/sign-in', { login: secure.ana.person.email, password }, { headers: host })
    expect(answer.status).toBe(303)
    const lines = answer.headers.getSetCookie()
    expect(lines.map((line) => line.split('=')[0]).sort()).toEqual(['__Host-device', '__Host-session'])
    for (const line of lines) {
      expect(line).toMatch(/; Secure/)
      expect(line).toMatch(/; HttpOnly/)
      expect(line).toMatch(/; SameSite=Lax/)
      expect(line).toMatch(/; Path=\//)
      expect(line).not.toMatch(/Domain/i)
    }
    expect((await browser.get('members', { headers: host })).status).toBe(200)
    // A cookie of the plain name, which another host of the domain could set, is nothing here.
    const planted = new Browser(secure.app, `/o/${secure.here.slug}`)
    planted.cookies.set('session', browser.cookies.get('__Host-session') ?? '')
    expect((await planted.get('members', { headers: host })).status).toBe(303)
  })

  test('over plain http they have plain names, or text browsers would drop them', async () => {
    expect([...world.ana.cookies.keys()]).toEqual(['session'])
    const gone = (await world.gus.post('/sign-out')).headers.getSetCookie().join()
    expect(gone).toMatch(/^session=;/)
    expect(gone).not.toMatch(/Secure/)
  })
})

describe('the name it is served under (R-27)', () => {
  test.each(['localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST:3000'])(
    '%s is this machine',
    async (name) => {
      expect((await world.ana.get('members', { headers: { Host: name } })).status).toBe(200)
    },
  )
  const others = [
    'evil.example',
    'localhost',
    'localhost:3001',
    'localhost.evil.example:3000',
    'evil.example:3000',
    '0.0.0.0:3000',
    'localhost:3000.',
    'localhost:3000, evil.example',
    '',
  ]
  test.each(others)('%s isn’t', async (name) => {
    const answer = await world.ana.get('members', { headers: { Host: name } })
    expect(answer.status).toBe(421)
    expect(answer.html).not.toContain('evil')
    expect(answer.headers.getSetCookie()).toEqual([])
  })
  test('health and readiness answer under any, for the machines around it', async () => {
    for (const path of ['/healthz', '/readyz'])
      expect((await world.stranger.get(path, { headers: { Host: '10.2.3.4:8080' } })).status).toBe(200)
    for (const path of ['/metrics', '/sign-in', '/', asset('app.css')])
      expect((await world.stranger.get(path, { headers: { Host: '10.2.3.4:8080' } })).status).toBe(421)
  })
  test('a public name has no aliases', async () => {
    const named = await organization({ env: { PUBLIC_URL: 'https://access.example.org' } })
    const get = (name: string) => named.stranger.get('/sign-in', { headers: { Host: name } })
    expect((await get('access.example.org')).status).toBe(200)
    for (const name of ['localhost:3000', '127.0.0.1:3000', 'www.access.example.org', 'access.example.org:8443'])
      expect((await get(name)).status).toBe(421)
  })
})

describe('what a proxy says (R-06, R-27)', () => {
  let proxied: World
  const proxy = '192.168.7.7'
  beforeAll(async () => {
    proxied = await organization({
      env: { PUBLIC_URL: 'https://access.example.org', TRUSTED_PROXIES: '192.168.7.0/24, 2001:db8::1' },
    })
  })
  const seen = async (from: string, headers: Record<string, string>) => {
    const browser = new Browser(proxied.app, '', from)
    // A refusal is noted once in ten minutes.
    proxied.clock.pass(minutes(11))
    const mia = await signedIn(proxied, proxied.mia.person, proxied.here)
    for (const [name, value] of mia.cookies) browser.cookies.set(name, value)
    const answer = await browser.get(`/o/${proxied.here.slug}/members`, {
      headers: { Host: 'access.example.org', ...headers },
    })
    if (answer.status !== 403) return answer.status
    // The refusal's event tells which address was believed.
    const event = await proxied.db
      .selectFrom('event')
      .select('ip')
      .where('actor_id', '=', proxied.mia.person.accountId)
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    return event.ip
  }

  test('is believed from a trusted one: the right-most address that no proxy has', async () => {
    expect(await seen(proxy, { 'X-Forwarded-For': '203.0.113.9' })).toBe('203.0.113.9')
    expect(await seen(proxy, { 'X-Forwarded-For': '1.1.1.1, 203.0.113.9, 192.168.7.8' })).toBe('203.0.113.9')
    expect(await seen(`::ffff:${proxy}`, { 'X-Forwarded-For': '203.0.113.9' })).toBe('203.0.113.9')
    expect(await seen('2001:db8::1', { 'X-Forwarded-For': '2001:db8:5::9' })).toBe('2001:db8:5::9')
  })
  test('is not believed from anybody else', async () => {
    const stranger = someIp()
    for (const headers of [
      { 'X-Forwarded-For': '203.0.113.9' },
      { 'X-Forwarded-For': '192.168.7.7' },
      { Forwarded: 'for=203.0.113.9' },
      { 'X-Real-IP': '203.0.113.9' },
      { 'CF-Connecting-IP': '203.0.113.9', 'True-Client-IP': '203.0.113.9' },
    ] as Record<string, string>[])
      expect(await seen(stranger, headers)).toBe(stranger)
  })
  test('nonsense in it leaves the proxy’s own address', async () => {
    for (const text of ['', 'unknown', '<script>', '203.0.113.9:port', "1'; drop table account"])
      expect(await seen(proxy, { 'X-Forwarded-For': text })).toBe(proxy)
  })
  test('the name that it was asked under is believed only from it', async () => {
    const forwarded = { Host: '10.0.0.5:3000', 'X-Forwarded-Host': 'access.example.org', 'X-Forwarded-Proto': 'https' }
    expect(await seen(proxy, forwarded)).toBe(proxy)
    expect(await seen(someIp(), forwarded)).toBe(421)
    expect(await seen(proxy, { 'X-Forwarded-Host': 'evil.example' })).toBe(421)
    expect(await seen(someIp(), { 'X-Forwarded-Host': 'evil.example' })).not.toBe(421)
  })
  test('no answer repeats any of it', async () => {
    const browser = new Browser(proxied.app, '', proxy)
    const answer = await browser.get('/o/x/members', {
      headers: {
        Host: 'access.example.org',
        'X-Forwarded-Proto': 'gopher',
        'X-Forwarded-Port': '6666',
        'X-Forwarded-Prefix': '/evil',
      },
    })
    expect(answer.location).toBe('/sign-in')
    expect(browser.cookies.get('__Host-next')).toBe('%2Fo%2Fx%2Fmembers')
  })
})
