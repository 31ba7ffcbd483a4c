import { Hono } from 'hono'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { refuseUnguarded, routesOf } from '../../src/app.tsx'
import { allow, anyone, atStage, type Guard, member, signedIn } from '../../src/platform/access/allow.ts'
import { isPermission } from '../../src/platform/access/permissions.ts'
import { readConfig } from '../../src/platform/config.ts'
import type { App, Services } from '../../src/platform/web/app-context.ts'
import { asset } from '../../src/platform/web/static.ts'
import { Browser } from '../support/browser.ts'
import { organization } from '../support/world.ts'

/** Every route and who may. A new one is added here by hand: that somebody thought of it is the point. */
const known: Record<string, string> = {
  'GET /healthz': 'anyone',
  'GET /readyz': 'anyone',
  'GET /metrics': 'anyone',
  'GET /static/:name': 'anyone',
  'GET /sign-in': 'anyone',
  'POST /sign-in': 'anyone',
  'GET /sign-in/password-changed': 'anyone',
  'GET /sign-in/new-password': 'at new_password',
  'POST /sign-in/new-password': 'at new_password',
  'GET /sign-in/two-factor': 'at password',
  'POST /sign-in/two-factor': 'at password',
  'GET /sign-in/backup-code': 'at password',
  'POST /sign-in/backup-code': 'at password',
  'GET /sign-in/lost-device': 'anyone',
  'GET /sign-in/enroll': 'at enroll',
  'POST /sign-in/enroll': 'at enroll',
  'GET /sign-in/enroll/backup-codes': 'at enroll',
  'GET /sign-in/enroll/backup-codes.txt': 'at enroll',
  'POST /sign-in/enroll/backup-codes': 'at enroll',
  'GET /cannot-sign-in': 'anyone',
  'GET /confirm': 'signed in',
  'POST /confirm': 'signed in',
  'GET /profile': 'signed in',
  'POST /profile': 'signed in',
  'POST /profile/cancel': 'signed in',
  'GET /profile/time-zone': 'signed in',
  'POST /profile/time-zone': 'signed in',
  'GET /profile/security': 'signed in',
  'GET /profile/security/two-factor': 'signed in',
  'POST /profile/security/two-factor': 'signed in',
  'GET /profile/security/two-factor/off': 'signed in',
  'POST /profile/security/two-factor/off': 'signed in',
  'GET /profile/security/backup-codes': 'signed in',
  'GET /profile/security/backup-codes.txt': 'signed in',
  'POST /profile/security/backup-codes': 'signed in',
  'GET /o/:slug/members/:id/reset-two-factor': 'members.credentials',
  'POST /o/:slug/members/:id/reset-two-factor': 'members.credentials',
  'POST /sign-out': 'anyone',
  'GET /profile/security/password': 'signed in',
  'POST /profile/security/password': 'signed in',
  'GET /profile/security/password/changed': 'signed in',
  'GET /profile/sessions': 'signed in',
  'POST /profile/sessions': 'signed in',
  'GET /forgotten-password': 'anyone',
  'POST /forgotten-password': 'anyone',
  'GET /forgotten-password/sent': 'anyone',
  'GET /reset-password/:token': 'anyone',
  'POST /reset-password/:token': 'anyone',
  'GET /confirm-email': 'anyone',
  'GET /confirm-email/:token': 'anyone',
  'GET /confirm-email/done': 'anyone',
  'POST /confirm-email': 'anyone',
  'GET /restore-email': 'anyone',
  'GET /restore-email/:token': 'anyone',
  'GET /restore-email/done': 'anyone',
  'POST /restore-email': 'anyone',
  'GET /setup': 'anyone',
  'POST /setup': 'anyone',
  'GET /join': 'anyone',
  'POST /join': 'anyone',
  'GET /join/:token': 'anyone',
  'GET /join/asked': 'anyone',
  'POST /join/ask': 'anyone',
  'GET /join/decline': 'anyone',
  'POST /join/decline': 'anyone',
  'GET /join/declined': 'anyone',
  'POST /join/switch': 'anyone',
  'GET /join/waiting': 'anyone',
  'GET /support': 'support',
  'GET /support/invitations': 'support',
  'GET /support/invitations/counts': 'support',
  'GET /support/invitations/:id': 'support',
  'GET /support/invitations/:id/resend': 'support',
  'POST /support/invitations/:id/resend': 'support',
  'GET /support/people': 'support',
  'GET /support/people/:id/reset-link': 'support',
  'POST /support/people/:id/reset-link': 'support',
  'GET /support/people/:id/unblock': 'support',
  'POST /support/people/:id/unblock': 'support',
  'GET /': 'signed in',
  'GET /o/:slug': 'member',
  'GET /o/:slug/audit': 'audit.view',
  'GET /o/:slug/settings/usage': 'usage.view',
  'GET /o/:slug/settings/usage.csv': 'usage.view',
  'GET /o/:slug/settings/usage.xlsx': 'usage.view',
  'GET /o/:slug/audit.csv': 'audit.view',
  'GET /o/:slug/audit.xlsx': 'audit.view',
  'GET /o/:slug/members.csv': 'members.download',
  'GET /o/:slug/members.xlsx': 'members.download',
  'GET /o/:slug/members': 'members.view',
  'GET /o/:slug/members/who': 'members.view',
  'GET /o/:slug/members/me': 'member',
  'GET /o/:slug/invitations': 'invitations.view',
  'GET /o/:slug/invitations.csv': 'members.download',
  'GET /o/:slug/invitations.xlsx': 'members.download',
  'GET /o/:slug/invitations/counts': 'invitations.view',
  'GET /o/:slug/invitations/:id': 'invitations.view',
  'GET /o/:slug/invitations/:id/actions': 'invitations.view',
  'GET /o/:slug/members/:id/invitation': 'invitations.view',
  'GET /o/:slug/invitations/new': 'members.invite',
  'POST /o/:slug/invitations/new': 'members.invite',
  'GET /o/:slug/invitations/new/sent/:id': 'members.invite',
  'GET /o/:slug/invitations/new/several': 'members.invite',
  'POST /o/:slug/invitations/new/several': 'members.invite',
  'GET /o/:slug/invitations/new/several/:draft': 'members.invite',
  'POST /o/:slug/invitations/new/several/:draft': 'members.invite',
  'GET /o/:slug/invitations/new/several/:draft/list': 'members.invite',
  'POST /o/:slug/invitations/new/several/:draft/list': 'members.invite',
  'GET /o/:slug/invitations/:id/approve': 'invitations.approve',
  'POST /o/:slug/invitations/:id/approve': 'invitations.approve',
  'GET /o/:slug/invitations/:id/deny': 'invitations.approve',
  'POST /o/:slug/invitations/:id/deny': 'invitations.approve',
  'GET /o/:slug/settings/security': 'settings.security',
  'POST /o/:slug/settings/security': 'settings.security',
  'GET /o/:slug/settings/security/two-factor': 'settings.security',
  'POST /o/:slug/settings/security/two-factor': 'settings.security',
  'GET /o/:slug/members/new': 'members.invite',
  'POST /o/:slug/members/new': 'members.invite',
  'GET /o/:slug/members/new/:draft/:step': 'members.invite',
  'POST /o/:slug/members/new/:draft/:step': 'members.invite',
  'GET /o/:slug/members/:id': 'members.view or oneself',
  'GET /o/:slug/members/:id/actions': 'members.view or oneself',
  'GET /o/:slug/members/:id/access': 'members.access',
  'POST /o/:slug/members/:id/access': 'members.access',
  'GET /o/:slug/members/:id/dates': 'members.edit',
  'POST /o/:slug/members/:id/dates': 'members.edit',
  'GET /o/:slug/members/:id/edit': 'members.edit',
  'POST /o/:slug/members/:id/edit': 'members.edit',
  'GET /o/:slug/members/:id/exempt': 'settings.security',
  'POST /o/:slug/members/:id/exempt': 'settings.security',
  'GET /o/:slug/members/:id/end-exemption': 'settings.security',
  'POST /o/:slug/members/:id/end-exemption': 'settings.security',
  'GET /o/:slug/members/:id/suspend': 'members.edit',
  'POST /o/:slug/members/:id/suspend': 'members.edit',
  'GET /o/:slug/members/:id/reactivate': 'members.edit',
  'POST /o/:slug/members/:id/reactivate': 'members.edit',
  'GET /o/:slug/invitations/:id/resend': 'members.invite',
  'POST /o/:slug/invitations/:id/resend': 'members.invite',
  'GET /o/:slug/invitations/:id/address': 'members.invite',
  'POST /o/:slug/invitations/:id/address': 'members.invite',
  'GET /o/:slug/invitations/:id/revoke': 'members.invite',
  'POST /o/:slug/invitations/:id/revoke': 'members.invite',
  'GET /o/:slug/invitations/:id/link': 'members.invite',
  'POST /o/:slug/invitations/:id/link': 'members.invite',
  'GET /o/:slug/regions': 'regions.manage',
  'GET /o/:slug/regions/new': 'regions.manage',
  'POST /o/:slug/regions/new': 'regions.manage',
  'GET /o/:slug/regions/:id': 'regions.manage',
  'POST /o/:slug/regions/:id': 'regions.manage',
  'GET /o/:slug/regions/:id/delete': 'regions.manage',
  'POST /o/:slug/regions/:id/delete': 'regions.manage',
  'GET /o/:slug/regions/:id/new-area': 'regions.manage',
  'POST /o/:slug/regions/:id/new-area': 'regions.manage',
  'GET /o/:slug/regions/areas/:id': 'regions.manage',
  'POST /o/:slug/regions/areas/:id': 'regions.manage',
  'GET /o/:slug/regions/areas/:id/delete': 'regions.manage',
  'POST /o/:slug/regions/areas/:id/delete': 'regions.manage',
  'GET /o/:slug/avatars/:name/:size': 'member',
  'GET /o/:slug/profile': 'member',
  'POST /o/:slug/profile': 'member',
  'GET /o/:slug/profile/avatar': 'member',
  'POST /o/:slug/profile/avatar': 'member',
  'POST /o/:slug/profile/avatar/remove': 'member',
  'GET /o/:slug/groups': 'groups.manage',
  'GET /o/:slug/groups/new': 'groups.manage',
  'POST /o/:slug/groups/new': 'groups.manage',
  'GET /o/:slug/groups/:id': 'groups.manage',
  'POST /o/:slug/groups/:id': 'groups.manage',
  'GET /o/:slug/groups/:id/delete': 'groups.manage',
  'POST /o/:slug/groups/:id/delete': 'groups.manage',
  'GET /o/:slug/roles': 'roles.manage',
  'GET /o/:slug/roles/new': 'roles.manage',
  'POST /o/:slug/roles/new': 'roles.manage',
  'GET /o/:slug/roles/:id': 'roles.manage',
  'POST /o/:slug/roles/:id': 'roles.manage',
  'GET /o/:slug/roles/:id/delete': 'roles.manage',
  'POST /o/:slug/roles/:id/delete': 'roles.manage',
  'GET /o/:slug/members/:id/unblock': 'members.credentials',
  'POST /o/:slug/members/:id/unblock': 'members.credentials',
  'GET /o/:slug/members/:id/sign-out': 'members.credentials',
  'POST /o/:slug/members/:id/sign-out': 'members.credentials',
  'GET /o/:slug/members/:id/account': 'members.credentials',
  'POST /o/:slug/members/:id/account': 'members.credentials',
  'POST /o/:slug/members/:id/account/cancel': 'members.credentials',
  'GET /o/:slug/members/:id/picture': 'members.edit',
  'POST /o/:slug/members/:id/picture': 'members.edit',
  'GET /o/:slug/members/:id/password': 'members.credentials',
  'POST /o/:slug/members/:id/password': 'members.credentials',
  'GET /o/:slug/members/:id/reset-link': 'members.credentials',
  'POST /o/:slug/members/:id/reset-link': 'members.credentials',
  'GET /o/:slug/members/:id/remove': 'members.remove',
  'POST /o/:slug/members/:id/remove': 'members.remove',
  'GET /o/:slug/members/:id/take-back': 'members.remove',
  'POST /o/:slug/members/:id/take-back': 'members.remove',
}

const inWords = (rule: Guard['rule'] | undefined): string => {
  switch (rule?.kind) {
    case 'anyone':
    case 'member':
    case 'support':
      return rule.kind
    case 'signed_in':
      return 'signed in'
    case 'stage':
      return `at ${rule.stage}`
    case 'permission':
      return rule.permission + (rule.orSelf ? ' or oneself' : '')
    default:
      return 'nobody says'
  }
}

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

describe('every route says who may', () => {
  test('the routes are those of this list, with the rules of this list', () => {
    const found = routesOf(world.app).map(({ method, path, rule }) => [`${method} ${path}`, inWords(rule)])
    expect(Object.fromEntries(found)).toEqual(known)
  })

  test('the app is not made with a route that doesn’t say it', () => {
    const app = new Hono<App>().get('/open', (c) => c.text('everybody reads this'))
    expect(() => refuseUnguarded(app)).toThrow("GET /open doesn't say who may")
  })

  test('the app is not made with such a feature', async () => {
    vi.resetModules()
    vi.doMock('../../src/sessions/routes.tsx', () => ({
      sessions: new Hono<App>().post('/sign-out', (c) => c.text('done')),
    }))
    const { createApp } = await import('../../src/app.tsx')
    vi.doUnmock('../../src/sessions/routes.tsx')
    // The next file shares this process, and makes its app of the real one.
    vi.resetModules()
    expect(() => createApp({ config: readConfig({}) } as Services)).toThrow("POST /sign-out doesn't say who may")
  })

  test('nor with one whose guard stands behind its handler', () => {
    const app = new Hono<App>().post('/late', (c) => c.text('done'), anyone() as never)
    expect(() => refuseUnguarded(app)).toThrow('POST /late')
  })

  test('nor with one that answers every method', () => {
    const app = new Hono<App>().all('/any', (c) => c.text('everything'))
    expect(() => refuseUnguarded(app)).toThrow('/any')
  })

  test.each([
    ['anyone', anyone()],
    ['signedIn', signedIn()],
    ['member', member()],
    ['atStage', atStage('new_password')],
    ['allow', allow('members.view')],
  ])('%s() is enough', (_, guard) => {
    expect(() => refuseUnguarded(new Hono<App>().get('/guarded', guard, (c) => c.text('ok')))).not.toThrow()
  })

  test('permissions named by routes are on the list of permissions', () => {
    for (const { rule } of routesOf(world.app))
      if (rule?.kind === 'permission') expect(isPermission(rule.permission)).toBe(true)
  })
})

/** The address of a route with real values in it. */
const fill = (path: string) =>
  path
    .replace(':slug', world.here.slug)
    .replace(':id', world.mia.person.id)
    .replace(':name', asset('app.css').split('/').at(-1) ?? '')
    .replace(':token', 'nothing.1.x')

describe('methods', () => {
  const odd = ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'ALL']
  test.each(odd)('nobody gets anything by %s: 405 says what works', async (method) => {
    for (const path of new Set(Object.keys(known).map((one) => one.split(' ')[1] ?? ''))) {
      const answer = await world.ana.send(method, fill(path), { headers: { 'Sec-Fetch-Site': 'same-origin' } })
      expect([path, answer.status]).toEqual([path, 405])
      expect(answer.headers.get('allow')).toBe('GET, HEAD, POST')
    }
  })

  test('a form sent to a page that takes none is 404, a page asked for where only a form goes too', async () => {
    const gets = Object.keys(known).filter((one) => one.startsWith('GET ') && !known[one.replace('GET', 'POST')])
    for (const route of gets) {
      const answer = await world.ana.post(fill(route.slice(4)))
      expect([route, answer.status]).toEqual([route, 404])
    }
    expect((await world.ana.get('/sign-out')).status).toBe(404)
  })

  test('HEAD is GET without the body, on every page', async () => {
    for (const route of Object.keys(known).filter((one) => one.startsWith('GET '))) {
      const path = fill(route.slice(4))
      const page = await world.ana.get(path)
      const head = await world.ana.send('HEAD', path)
      expect([route, head.status, head.html]).toEqual([route, page.status, ''])
      const rest = (headers: Headers) =>
        [...headers].filter(([name]) => !['content-length', 'content-encoding', 'set-cookie'].includes(name))
      expect(rest(head.headers), route).toEqual(rest(page.headers))
    }
  })
})

describe('odd spellings of an address reach no route', () => {
  const good = () => `/o/${world.here.slug}/members`
  /** Ana's answer, and a stranger's where it is another one: they are asked to sign in before anybody looks whether it exists. */
  const spellings: [string, () => string, number, number?][] = [
    ['two slashes in front', () => `//o/${world.here.slug}/members`, 404],
    ['two slashes inside', () => `/o/${world.here.slug}//members`, 404],
    ['two slashes at the end', () => `${good()}//`, 404],
    ['an encoded slash', () => `/o/${world.here.slug}%2fmembers`, 404],
    ['an encoded slash in capitals', () => `/o/${world.here.slug}%2Fmembers`, 404],
    ['a slash encoded twice', () => `/o/${world.here.slug}%252fmembers`, 404, 303],
    ['an encoded backslash', () => `/o/${world.here.slug}%5cmembers`, 404],
    ['an encoded NUL', () => `${good()}%00`, 404],
    ['a dot behind a slash', () => `/o/${world.here.slug}/members/%2e`, 301],
    ['a dot at the end', () => `${good()}.`, 404],
    ['a dot before a slash', () => `/o/${world.here.slug}./members`, 404],
    ['another extension', () => `${good()}.json`, 404],
    ['capitals', () => `/O/${world.here.slug}/members`, 404],
    ['capitals in the slug', () => `/o/${world.here.slug.toUpperCase()}/members`, 404, 303],
    ['capitals in a word', () => `/o/${world.here.slug}/Members`, 404],
    ['an encoded letter', () => `/o/${world.here.slug}/%6dembers`, 404],
    ['a path parameter', () => `${good()};x=1`, 404],
    ['a space at the end', () => `${good()}%20`, 404],
    ['a slug with a percent sign', () => '/o/%25/members', 404, 303],
    ['broken UTF-8', () => '/o/%ff%fe/members', 404, 303],
    ['a stray percent sign', () => `/o/${world.here.slug}/%`, 404],
  ]
  test.each(spellings)('%s', async (name, path, status, strangers = status) => {
    for (const browser of [world.ana, world.stranger]) {
      const answer = await browser.get(path())
      if (name.startsWith('a dot behind')) {
        // The client's URL parser has taken it away already.
        expect([200, 301, 303]).toContain(answer.status)
        continue
      }
      if (name === 'an encoded letter') {
        // It is the same address (RFC 3986, 6.2.2.2), so that the same guard decides.
        expect(answer.status).toBe(browser === world.ana ? 200 : 303)
        continue
      }
      expect(answer.status).toBe(browser === world.ana ? status : strangers)
      expect(answer.html).not.toContain(world.mia.person.email)
    }
  })

  test('a trailing slash leads to the address without it, with its query', async () => {
    for (const browser of [world.ana, world.stranger]) {
      const answer = await browser.get(`${good()}/?q=a&sort=email`)
      expect([answer.status, answer.location]).toEqual([301, `${good()}?q=a&sort=email`])
    }
    expect((await world.ana.post('/sign-in/', { login: 'x', password: 'y' })).status).toBe(404)
  })

  test('the redirect never leaves this site', async () => {
    for (const path of ['//evil.example/', '/\\evil.example/', '/%5cevil.example/', '/..//evil.example/']) {
      const answer = await new Browser(world.app).get(path)
      expect([path, answer.location ?? '/'].join(' ')).toMatch(/ \/(?!\/|\\)\S*$/)
    }
  })
})

describe('unknown addresses', () => {
  const paths = ['/nothing', '/o', '/o/nothing', '/static/nothing.css', '/static/manifest.json', '/index.html', '/.env']
  test.each(paths)('%s is the page that says so', async (path) => {
    const answer = await world.ana.get(path)
    expect([answer.status, answer.title]).toEqual([404, 'Page not found – Rollcall'])
    expect(answer.text).toContain('Go to your first page')
  })
  test('for a swap it is a toast that leaves the screen alone', async () => {
    const answer = await world.ana.swap.get('members/nothing')
    expect(answer.status).toBe(404)
    expect(answer.html).toMatch(/^<div class="toast"/)
    expect(answer.headers.get('hx-reswap')).toBe('none')
    expect(answer.headers.get('hx-push-url')).toBe('false')
  })
  test('a stranger reads the same', async () => {
    const [known, unknown] = [await world.stranger.get('/nothing'), await world.stranger.get('/nowhere')]
    expect(known.status).toBe(404)
    expect(unknown.html).toBe(known.html)
  })
})
