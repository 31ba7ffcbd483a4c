import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Asked, Decline, Declined, LinkDoesNotWork, WaitsAgain } from '../../views/joining/closed.tsx'
import { Join } from '../../views/joining/join.tsx'
import { whomToAsk } from '../organizations/queries.ts'
import { newPassword, withPassword } from '../passwords/form.ts'
import { hashPassword } from '../passwords/hash.ts'
import { passwordErrors } from '../passwords/rules.ts'
import { anyone } from '../platform/access/allow.ts'
import { confirmed } from '../platform/access/confirmed.ts'
import { takingTurns } from '../platform/access/turn.ts'
import { readLink } from '../platform/links.ts'
import { networkOf, withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf, strangerCause } from '../platform/web/cause.ts'
import { giveCookie, readCookie, takeCookie, takeTrail } from '../platform/web/cookie.ts'
import { TooMany } from '../platform/web/failures.ts'
import { type Form, line, readForm, refuse } from '../platform/web/form.ts'
import { countTry, limitKey, perJoin } from '../platform/web/limits.ts'
import { keepNext } from '../platform/web/next.ts'
import { show } from '../platform/web/show.ts'
import { browserOf, letIn } from '../sessions/browser.ts'
import { signOut } from '../sessions/commands.ts'
import { blankCookie } from '../sessions/lucia.ts'
import { start } from '../sign-in/commands.ts'
import { accept } from './accept.ts'
import { askForLink, decline, noteOpened, returnToApproval } from './commands.ts'
import { invitationOf, type LinkAndInvitation } from './invitation.ts'
import { granted, isStillCovered, keptFor, opens, standingOf } from './rules.ts'

const cookie = 'join'

/** No link of ours is longer. What is longer is cut, and opens nothing; the browser gets none of it back. */
const longestToken = 300
const token = z.string().max(longestToken).optional()
const names = {
  first_name: line(100, { needed: 'Enter your first name', label: 'First name' }),
  last_name: line(100, { label: 'Last name' }),
}
/** Who has an account chooses no password; a form that was filled before there was one may have one in it. */
const joined = newPassword.partial().extend({ ...names, token })
const declined = z.object({
  token,
  reason: line(500, { label: 'The reason' }).default(''),
})
const bare = z.object({ token, ask: z.string().max(10).optional(), switch: z.string().max(10).optional() })

/** The token that a form carries, so that each of two tabs is about its own invitation; else the browser's. */
const tokenOf = (c: Context<App>, form?: Form): string =>
  (form?.values.token ?? readCookie(c, cookie) ?? '').slice(0, longestToken)

/** One page for every link that doesn't work. Each counts, and too many from one network close it; a link that works is let through. */
async function gone(c: Context<App>, token: string): Promise<Response> {
  if (token) await countFailure(c)
  return show(c, 'This link doesn’t work', <LinkDoesNotWork token={token} />, 410)
}

async function countFailure(c: Context<App>): Promise<void> {
  const { db, key, ip, now } = c.var
  const counted = await countTry(db, limitKey(key, perJoin, networkOf(ip)), perJoin, now)
  if (!counted.counted) throw new TooMany(counted.seconds)
}

/** The invitation that the token opens now. */
async function opened(c: Context<App>, token: string): Promise<LinkAndInvitation | null> {
  const found = await invitationOf(c.var.db, c.var.key, token)
  return found && opens(found.link, found.invitation, c.var.now) ? found : null
}

const signedInAs = (c: Context<App>) => (c.var.visitor?.session.stage === 'full' ? c.var.visitor.account.id : null)

function screen(c: Context<App>, token: string, found: LinkAndInvitation, form?: Form, status = 200): Response {
  const { link, invitation } = found
  const standing = standingOf(link, invitation, signedInAs(c))
  return show(
    c,
    `Join ${invitation.organization.name}`,
    <Join
      invitation={invitation}
      granted={granted(invitation)}
      standing={standing}
      signedInAs={c.var.visitor?.account.email ?? ''}
      zone={c.var.visitor?.account.timeZone ?? 'UTC'}
      token={token}
      form={form}
    />,
    status,
  )
}

const declineScreen = (c: Context<App>, token: string, found: LinkAndInvitation, form?: Form) =>
  show(
    c,
    'Decline the invitation',
    <Decline invitation={found.invitation} token={token} form={form} />,
    form ? 422 : 200,
  )

/** Decides by the invitation as it is, and again when anything of access changed meanwhile. Null: the link doesn't work. */
const deciding = (c: Context<App>, token: string, work: (found: LinkAndInvitation) => Promise<Response>) =>
  takingTurns(
    null,
    async () => {
      await c.var.identify()
      return null
    },
    async () => {
      const found = await opened(c, token)
      return found ? work(found) : gone(c, token)
    },
  )

export const joining = new Hono<App>()
  .get('/join/declined', anyone(), withoutQuery, (c) => show(c, 'Invitation declined', <Declined />))
  .get('/join/waiting', anyone(), withoutQuery, (c) => show(c, 'Waiting for approval', <WaitsAgain />))
  .get('/join/asked', anyone(), withoutQuery, (c) => show(c, 'Asked for a new link', <Asked />))
  .get('/join/decline', anyone(), withoutQuery, async (c) => {
    const token = tokenOf(c)
    const found = await opened(c, token)
    return found ? declineScreen(c, token, found) : gone(c, token)
  })
  .post('/join/decline', anyone(), async (c) => {
    const form = await readForm(c, declined)
    const token = tokenOf(c, form)
    return deciding(c, token, async (found) => {
      if (!form.input) return declineScreen(c, token, found, form)
      await decline(c.var.db, strangerCause(c), found, form.input.reason)
      takeCookie(c, cookie)
      return c.redirect('/join/declined', 303)
    })
  })
  // The same answer to everybody, whatever became of it; who holds only a made-up token tells nobody anything.
  .post('/join/ask', anyone(), async (c) => {
    const { db, key, now } = c.var
    const form = await readForm(c, bare)
    const token = tokenOf(c, form)
    await countFailure(c)
    const found = await invitationOf(db, key, token)
    if (found) {
      const admins = await whomToAsk(db, found.invitation.organization.id, now)
      const others = admins.slice(0, 3).map(({ email }) => email)
      await askForLink(db, strangerCause(c), found.invitation, others)
    }
    return c.redirect('/join/asked', 303)
  })
  // Whoever is signed in leaves this browser; the invitation stays in it.
  .post('/join/switch', anyone(), async (c) => {
    const { db, now, config, visitor } = c.var
    const token = tokenOf(c, await readForm(c, bare))
    if (visitor) await signOut(db, causeOf(c), visitor)
    c.header('Set-Cookie', blankCookie(db, now, config.secure), { append: true })
    c.header('Clear-Site-Data', '"storage"')
    takeTrail(c)
    giveCookie(c, cookie, token, keptFor)
    return c.redirect('/join', 303)
  })
  // The token leaves the address before there is a page, whatever it is worth. Opening it changes no status: scanners do.
  .get('/join/:token', anyone(), async (c) => {
    const token = c.req.param('token').slice(0, longestToken)
    const link = readLink('invitation', token, c.var.key)
    if (link) await noteOpened(c.var.db, strangerCause(c), link)
    giveCookie(c, cookie, token, keptFor)
    c.header('Referrer-Policy', 'no-referrer')
    return c.redirect('/join', 303)
  })
  .get('/join', anyone(), withoutQuery, async (c) => {
    const token = tokenOf(c)
    const found = await opened(c, token)
    if (!found) return gone(c, token)
    if (standingOf(found.link, found.invitation, signedInAs(c)) === 'sign_in') keepNext(c, '/join')
    return screen(c, token, found)
  })
  // An account that is in a second organization is managed by none anymore: no act for whoever sits down at somebody's browser.
  .post('/join', anyone(), confirmed({ strangers: true }), async (c) => {
    const { db, config } = c.var
    const form = await readForm(c, joined)
    const token = tokenOf(c, form)
    // Made once, however often it loses its turn.
    let password_hash: string | null = null
    return deciding(c, token, async (found) => {
      const { link, invitation } = found
      const standing = standingOf(link, invitation, signedInAs(c))
      if (standing !== 'new' && standing !== 'known') {
        giveCookie(c, cookie, token, keptFor)
        return c.redirect('/join', 303)
      }
      const isNew = standing === 'new'
      const whose = { email: invitation.email, organizations: [invitation.organization.name] }
      if (!form.input) return screen(c, token, found, isNew ? withPassword(form, whose) : form, 422)
      if (!isStillCovered(invitation)) {
        await returnToApproval(db, strangerCause(c), found)
        takeCookie(c, cookie)
        return c.redirect('/join/waiting', 303)
      }
      const { first_name, last_name, password = '', password_again = '' } = form.input
      if (isNew) {
        const errors = passwordErrors({ password, password_again }, whose)
        if (errors) return screen(c, token, found, refuse(form, errors), 422)
        password_hash ??= await hashPassword(password)
      }
      const cause = strangerCause(c)
      const joining = { first_name, last_name, password_hash: isNew ? password_hash : null }
      const accountId = await accept(db, cause, found, granted(invitation), joining)
      if (isNew) {
        letIn(c, await start(db, { ...cause, actorId: accountId }, config.secure, accountId, 'full', browserOf(c)))
      }
      takeCookie(c, cookie)
      return c.redirect(`/o/${invitation.organization.slug}`, 303)
    })
  })
