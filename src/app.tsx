import { randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { FailurePage, NotAllowedPage, SignOutAgain, Toast } from '../views/failures/failures.tsx'
import { Layout } from '../views/layout.tsx'
import { NeededSoon } from '../views/two-factor/soon.tsx'
import { accounts } from './accounts/routes.tsx'
import { addUser } from './add-user/routes.tsx'
import { audit } from './audit/routes.tsx'
import { avatars } from './avatars/routes.ts'
import { groups } from './groups/routes.tsx'
import { acrossOrganizations } from './invitations/across/routes.tsx'
import { correcting } from './invitations/address/routes.tsx'
import { approval } from './invitations/approval/routes.tsx'
import { invitationDownloads } from './invitations/download.ts'
import { copying } from './invitations/link/routes.tsx'
import { newInvitation } from './invitations/new/routes.tsx'
import { severalInvitations } from './invitations/new/several.tsx'
import { invitationsOfMembers } from './invitations/of-member.tsx'
import { resending } from './invitations/resend/routes.tsx'
import { revoking } from './invitations/revoke/routes.tsx'
import { invitations } from './invitations/routes.tsx'
import { joining } from './joining/routes.tsx'
import { access } from './members/access/routes.tsx'
import { account } from './members/account/routes.tsx'
import { dates } from './members/dates/routes.tsx'
import { memberDownloads } from './members/download.ts'
import { edit } from './members/edit/routes.tsx'
import { exemption } from './members/exemption/routes.tsx'
import { picture } from './members/picture/routes.tsx'
import { removal } from './members/removal/routes.tsx'
import { members } from './members/routes.tsx'
import { memberSignIn } from './members/sign-in/routes.tsx'
import { standing } from './members/standing/routes.tsx'
import { whomToAsk } from './organizations/queries.ts'
import { organizations } from './organizations/routes.ts'
import { ownPasswordChange } from './passwords/change/routes.tsx'
import { forgottenPassword } from './passwords/forgotten/routes.tsx'
import { passwords } from './passwords/routes.tsx'
import { can, pageOfStage } from './platform/access/actor.ts'
import type { Guard } from './platform/access/allow.ts'
import { permissions } from './platform/access/permissions.ts'
import { TurnLost } from './platform/access/turn.ts'
import { isUnavailable } from './platform/database/connect.ts'
import { recordRefusal } from './platform/events/refused.ts'
import { errorFacts } from './platform/log.ts'
import { address, ownPagesOnly } from './platform/web/address.ts'
import type { App, Services } from './platform/web/app-context.ts'
import { causeOf } from './platform/web/cause.ts'
import { compression } from './platform/web/compression.ts'
import {
  Conflict,
  DownloadUnderWay,
  Failure,
  ForeignRequest,
  NotAllowed,
  Refused,
  SignInFirst,
  TooMany,
  Unavailable,
} from './platform/web/failures.ts'
import { secureHeaders } from './platform/web/headers.ts'
import { keepNext } from './platform/web/next.ts'
import { saidHere } from './platform/web/said.ts'
import { isSwap, show } from './platform/web/show.ts'
import { staticFiles } from './platform/web/static.ts'
import { probes } from './probes/routes.ts'
import { accountProfile } from './profile/account/routes.tsx'
import { ownProfile } from './profile/routes.tsx'
import { regions } from './regions/routes.tsx'
import { roles } from './roles/routes.tsx'
import { home } from './sessions/current.ts'
import { validate } from './sessions/lucia.ts'
import { sessions } from './sessions/routes.tsx'
import { setUp } from './set-up/routes.tsx'
import { settings } from './settings/routes.tsx'
import { securitySettings } from './settings/security/routes.tsx'
import { requiredTwoFactor } from './settings/security/two-factor/routes.tsx'
import { signIn } from './sign-in/routes.tsx'
import { secondStep } from './sign-in/second-step-routes.tsx'
import { supportStaff } from './support/routes.tsx'
import { confirmation } from './two-factor/confirm.tsx'
import { twoFactor } from './two-factor/routes.tsx'

/** The whole program as one handler: middleware in order, then one line per feature. Refuses to be made with an unguarded route. */
export function createApp(services: Services): Hono<App> {
  const { config } = services
  const app = new Hono<App>({ strict: true })

  app.use(secureHeaders(config.secure))
  app.use(compression())
  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(services)) c.set(name as keyof Services, value as never)
    c.set('now', services.clock())
    c.set('requestId', randomBytes(8).toString('hex'))
    c.set('visitor', null)
    c.set('actor', null)
    c.set('standing', null)
    c.set('closed', null)
    c.set('above', () => {
      const { session, twoFactor } = c.var.visitor ?? {}
      return session?.stage === 'full' && twoFactor?.needed && !twoFactor.on ? (
        <NeededSoon needed={twoFactor.needed} />
      ) : null
    })
    c.set('draw', ({ title, body, status = 200 }) => (
      <Layout
        title={title}
        body={body}
        above={c.var.above()}
        said={status < 400 ? saidHere(c) : null}
        visitor={c.var.visitor}
        actor={c.var.actor}
        path={c.req.path}
        atDoor={c.var.atDoor === true}
      />
    ))
    if (services.stopping()) c.header('Connection', 'close')
    await next()
  })
  app.use(address(config))
  app.route('/', probes)
  app.route('/static', staticFiles)
  app.use(ownPagesOnly(config))
  app.use(async (c, next) => {
    // One's own pages belong to no organization; the frame around them is that of the first.
    const own = /^\/($|profile(\/|$)|confirm$)/.test(c.req.path)
    const slug = /^\/o\/([a-z0-9-]{1,60})(\/|$)/.exec(c.req.path)?.[1] ?? (own ? home : '')
    const identify = async () => {
      const found = await validate(services.db, c.req.header('cookie') ?? '', slug, c.get('now'), config.secure)
      c.set('visitor', found?.visitor ?? null)
      c.set('actor', found?.actor ?? null)
      c.set('standing', found?.standing ?? null)
      c.set('closed', found?.closed ?? null)
    }
    c.set('identify', identify)
    c.set('confirm', confirmation(c))
    await identify()
    await next()
  })

  app.route('/', signIn)
  app.route('/', secondStep)
  app.route('/', twoFactor)
  app.route('/', sessions)
  app.route('/', passwords)
  app.route('/', forgottenPassword)
  app.route('/', ownPasswordChange)
  app.route('/', accountProfile)
  app.route('/', accounts)
  app.route('/', setUp)
  app.route('/', joining)
  app.route('/support', supportStaff)
  app.route('/support', acrossOrganizations)
  app.route('/', organizations)
  app.route('/o/:slug', memberDownloads)
  app.route('/o/:slug', invitationDownloads)
  app.route('/o/:slug', audit)
  app.route('/o/:slug/invitations', severalInvitations)
  app.route('/o/:slug/invitations', newInvitation)
  app.route('/o/:slug/invitations', approval)
  app.route('/o/:slug/members', addUser)
  app.route('/o/:slug/members', access)
  app.route('/o/:slug/members', dates)
  app.route('/o/:slug/members', memberSignIn)
  app.route('/o/:slug/members', account)
  app.route('/o/:slug/members', picture)
  app.route('/o/:slug/members', removal)
  app.route('/o/:slug/members', edit)
  app.route('/o/:slug/members', standing)
  app.route('/o/:slug/members', exemption)
  app.route('/o/:slug/members', invitationsOfMembers)
  app.route('/o/:slug/members', members)
  app.route('/o/:slug/invitations', resending)
  app.route('/o/:slug/invitations', correcting)
  app.route('/o/:slug/invitations', copying)
  app.route('/o/:slug/invitations', revoking)
  app.route('/o/:slug/invitations', invitations)
  app.route('/o/:slug/profile', ownProfile)
  app.route('/o/:slug/avatars', avatars)
  app.route('/o/:slug/groups', groups)
  app.route('/o/:slug/roles', roles)
  app.route('/o/:slug/regions', regions)
  app.route('/o/:slug/settings', settings)
  app.route('/o/:slug/settings', securitySettings)
  app.route('/o/:slug/settings', requiredTwoFactor)

  app.notFound((c) => fail(c, new Failure(404, 'Not found')))
  app.onError((error, c) => fail(c, error))
  refuseUnguarded(app)
  return app
}

type Route = { method: string; path: string; rule: Guard['rule'] | undefined; stepUp: boolean }

/** Every route in order with its guard's rule, and whether it asks for step-up; middleware is left out. */
export const routesOf = (app: Hono<App>) => {
  const found = new Map<string, Route>()
  for (const { method, path, handler } of app.routes) {
    if (method === 'ALL' && path === '/*') continue
    const key = `${method} ${path}`
    const { rule, stepUp = false } = handler as Partial<Guard> & { stepUp?: boolean }
    const route = found.get(key) ?? { method, path, rule, stepUp }
    found.set(key, { ...route, stepUp: route.stepUp || stepUp })
  }
  return [...found.values()]
}

export function refuseUnguarded(app: Hono<App>) {
  for (const { method, path, rule } of routesOf(app))
    if (!rule)
      throw new Error(`${method} ${path} doesn't say who may: begin it with allow(), member(), signedIn() or anyone()`)
}

type Words = { title: string; text: string[]; on?: { href: string; label: string } }

const words: Record<number, Words> = {
  400: { title: 'This request can’t be understood', text: [] },
  403: {
    title: 'This request was refused',
    text: [
      'It didn’t come from a page of Rollcall, so nothing was changed.',
      'If it did, your browser doesn’t say so on pages with a question mark in their address, as lynx does. Begin at your first page, whose address has none.',
    ],
    on: { href: '/', label: 'Go to your first page' },
  },
  404: {
    title: 'Page not found',
    text: ['It may have been moved or removed, or it belongs to an organization that you are not in.'],
    on: { href: '/', label: 'Go to your first page' },
  },
  405: {
    title: 'This can’t be done here',
    text: ['Pages are opened and forms are sent; nothing else works at this address.'],
  },
  409: {
    title: 'Somebody else changed this meanwhile',
    text: ['Nothing was overwritten. Open it again to see how it is now.'],
  },
  413: {
    title: 'This is too large',
    text: ['A form can hold at most 64 KiB, a pasted list 1 MiB, and a picture 2 MiB. Nothing was stored.'],
  },
  415: { title: 'This kind of content isn’t taken here', text: ['Send it as a form.'] },
  421: { title: 'Rollcall isn’t served under this name', text: ['Use the address that your organization gave you.'] },
}

const headers = (status: number, extra: Record<string, string> = {}) => {
  const found: Record<string, string> = { ...extra }
  if (status === 405) found.Allow = 'GET, HEAD, POST'
  if (status === 413) found.Connection = 'close'
  return found
}

const minutes = (seconds: number) =>
  seconds < 60
    ? `${seconds} second${seconds === 1 ? '' : 's'}`
    : `${Math.ceil(seconds / 60)} minute${seconds <= 60 ? '' : 's'}`

/** Any failure as its page, or for a swap as a toast that leaves the screen alone. Never a stack, SQL or a path. */
async function fail(c: Context<App>, error: unknown): Promise<Response> {
  const { log, requestId } = c.var
  let failure = error instanceof Failure ? error : null
  if (!failure && isUnavailable(error)) {
    log('warn', 'the database did not answer', { request: requestId, ...errorFacts(error) })
    failure = new Unavailable(2)
  }
  // A page that was read while somebody's access changed is read again; an act has been decided again often enough.
  if (error instanceof TurnLost && c.req.method === 'GET') {
    const { pathname, search } = new URL(c.req.url)
    return c.redirect(pathname + search, 303)
  }
  if (error instanceof TurnLost) failure = new Unavailable(1)
  if (!failure) {
    log('error', 'request failed', {
      request: requestId,
      method: c.req.method,
      path: c.req.routePath,
      ...errorFacts(error),
    })
    return answer(c, 500, {
      title: 'Something went wrong here',
      text: [
        'It isn’t your doing, and it has been noted. Try again in a moment.',
        `If it goes on, tell your administrator this number: ${requestId}`,
      ],
    })
  }
  if (failure instanceof SignInFirst) return signInFirst(c)
  // lynx on a page with a query: from this page, which has none, the same button works. No other form is offered again: another
  // site's page could have filled it in.
  if (failure instanceof ForeignRequest && failure.silent && c.req.path === '/sign-out')
    return show(c, 'Sign out', <SignOutAgain />, 403)
  if (failure instanceof NotAllowed) {
    try {
      return await notAllowed(c, failure)
    } catch (inner) {
      return fail(c, inner)
    }
  }
  if (failure instanceof DownloadUnderWay)
    return answer(
      c,
      429,
      {
        title: 'One download at a time',
        text: ['Your last one is still running. Let it end, or cancel it in your browser; then start this one again.'],
      },
      { 'Retry-After': String(failure.seconds) },
    )
  if (failure instanceof TooMany)
    return answer(
      c,
      429,
      { title: 'Too many tries', text: [`Try again in ${minutes(failure.seconds)}.`] },
      { 'Retry-After': String(failure.seconds) },
    )
  if (failure instanceof Unavailable)
    return answer(
      c,
      503,
      {
        title: 'Rollcall can’t answer right now',
        text: ['It is busy or starting again. Nothing of yours was lost; try again in a few seconds.'],
      },
      { 'Retry-After': String(failure.seconds) },
    )
  if (failure instanceof Refused) return refused(c, failure)
  const found = words[failure.status] ?? { title: 'This didn’t work', text: [] }
  const text = failure.status === 400 ? [failure.message] : found.text
  const on = failure instanceof Conflict ? wayOnFrom(c) : found.on
  return answer(c, failure.status, { ...found, text, ...(on && { on }) })
}

function answer(c: Context<App>, status: number, found: Words, extra: Record<string, string> = {}): Response {
  for (const [name, value] of Object.entries(headers(status, extra))) c.header(name, value)
  if (isSwap(c)) return toast(c, status, [found.title, ...found.text].map((one) => one.replace(/[.]?$/, '.')).join(' '))
  return show(c, found.title, <FailurePage {...found} />, status)
}

/** htmx leaves the screen alone on errors, and app.js shows this as the toast. */
const toast = (c: Context<App>, status: number, text: string): Response =>
  c.body(`${<Toast text={text} />}`, status as 400, {
    'Content-Type': 'text/html; charset=utf-8',
    'HX-Reswap': 'none',
    'HX-Push-Url': 'false',
  })

function signInFirst(c: Context<App>): Response {
  const stage = c.var.visitor?.session.stage
  const swap = isSwap(c)
  // A picture is no page to come back to.
  const reads = (c.req.method === 'GET' || c.req.method === 'HEAD') && c.req.header('sec-fetch-dest') !== 'image'
  const asked = reads ? c.req.url : undefined
  const page = swap ? c.req.header('hx-current-url') : asked
  if (stage !== 'full')
    keepNext(c, page && URL.canParse(page) ? new URL(page).pathname + new URL(page).search : undefined)
  const to = stage ? pageOfStage[stage] : '/sign-in'
  return swap ? c.body(null, 200, { 'HX-Redirect': to }) : c.redirect(to, 303)
}

/** The permission is there, and a rule about this person says no. */
async function refused(c: Context<App>, { message }: Refused): Promise<Response> {
  const { actor } = c.var
  if (actor) await recordRefusal(c.var.db, causeOf(c), c.var.key, actor.organization.id, { rule: message })
  return answer(c, 403, { title: 'This can’t be done', text: [message], on: wayOnFrom(c) })
}

/**
 * Where the page of what can’t be done leads: Back brings people to forms that are done with. It repeats what the address names, and so
 * tells nobody more than they asked for.
 */
function wayOnFrom({ req, var: { actor } }: Context<App>): NonNullable<Words['on']> {
  const invitation = (href: string) => ({ href, label: 'Open the invitation' })
  if (req.path.startsWith('/profile/')) return { href: '/profile/security', label: 'Security' }
  const across = /^\/support\/invitations\/[^/]+/.exec(req.path)
  if (across) return invitation(across[0])
  const [here = '', base = '', list = '', id = ''] = /^(\/o\/[^/]+)\/(\w+)\/([^/]+)/.exec(req.path) ?? []
  if (actor && list === 'members' && id !== 'new' && can(actor, 'members.view'))
    return { href: here, label: 'Open details' }
  if (actor && list === 'invitations' && id !== 'new')
    return invitation(can(actor, 'invitations.view') ? here : `${base}/invitations/new/sent/${id}`)
  if (list === 'groups') return { href: `${base}/groups`, label: 'Groups' }
  if (list === 'roles') return { href: `${base}/roles`, label: 'Roles' }
  return { href: '/', label: 'Go to your first page' }
}

async function notAllowed(c: Context<App>, { missing }: NotAllowed): Promise<Response> {
  const { actor, closed } = c.var
  const organization = actor?.organization ?? closed
  if (!organization) return answer(c, 404, words[404] as Words)
  const lacks = missing in permissions ? { permission: missing } : { status: missing }
  await recordRefusal(c.var.db, causeOf(c), c.var.key, organization.id, lacks)
  const title = missing in permissions ? 'You can’t open this page' : 'Your membership'
  if (isSwap(c)) {
    const label =
      missing in permissions ? permissions[missing as keyof typeof permissions].label : 'an active membership'
    return toast(c, 403, `This needs “${label}”, which you don’t have. Nothing was changed.`)
  }
  const people = await whomToAsk(c.var.db, organization.id, c.var.now)
  const page = (
    <NotAllowedPage
      missing={missing}
      since={closed?.since ?? ''}
      organization={organization.name}
      home={`/o/${organization.slug}`}
      people={people}
    />
  )
  return show(c, title, page, 403)
}
