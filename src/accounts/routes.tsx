import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { ConfirmEmail, EmailConfirmed, EmailLinkDoesNotWork } from '../../views/accounts/confirm-email.tsx'
import { anyone } from '../platform/access/allow.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { strangerCause } from '../platform/web/cause.ts'
import { giveCookie, readCookie, takeCookie } from '../platform/web/cookie.ts'
import { readForm } from '../platform/web/form.ts'
import { show } from '../platform/web/show.ts'
import { startSession } from '../sessions/lucia.ts'
import { addressToConfirm, confirmEmail } from './email-change.ts'
import { confirmFor } from './rules.ts'

const cookie = 'confirm_email'
const confirmed = z.object({ token: z.string().max(300).optional() })

const gone = (c: Context<App>) => {
  takeCookie(c, cookie)
  return show(c, 'This link doesn’t work', <EmailLinkDoesNotWork />, 404)
}

export const accounts = new Hono<App>()
  .get('/confirm-email/done', anyone(), withoutQuery, (c) => show(c, 'Email changed', <EmailConfirmed />))
  // As a link to join: the token leaves the address before there is a form. Opening it changes nothing: mail scanners do.
  .get('/confirm-email/:token', anyone(), async (c) => {
    const token = c.req.param('token')
    if (!(await addressToConfirm(c.var.db, c.var.key, token, c.var.now))) return gone(c)
    giveCookie(c, cookie, token, confirmFor / 1000)
    c.header('Referrer-Policy', 'no-referrer')
    return c.redirect('/confirm-email', 303)
  })
  .get('/confirm-email', anyone(), withoutQuery, async (c) => {
    const token = readCookie(c, cookie) ?? ''
    const email = await addressToConfirm(c.var.db, c.var.key, token, c.var.now)
    return email ? show(c, 'Confirm your email', <ConfirmEmail email={email} token={token} />) : gone(c)
  })
  .post('/confirm-email', anyone(), async (c) => {
    const { db, key, now, config, visitor } = c.var
    const form = await readForm(c, confirmed)
    // The form carries it too, so that one that was left open while another link was opened confirms what it shows.
    const token = form.values.token ?? readCookie(c, cookie) ?? ''
    const result = await confirmEmail(db, strangerCause(c), { key, secure: config.secure }, token, (trx, accountId) =>
      // Whoever is signed in here as the owner stays so, by a session with a new id.
      visitor?.account.id === accountId && visitor.session.stage === 'full'
        ? startSession(trx, now, config.secure, {
            accountId,
            stage: 'full',
            ip: c.var.ip,
            userAgent: c.req.header('user-agent') ?? '',
            confirmed: false,
          })
        : Promise.resolve(null),
    )
    if (!result) return gone(c)
    takeCookie(c, cookie)
    if (result.done) c.header('Set-Cookie', result.done, { append: true })
    return c.redirect('/confirm-email/done', 303)
  })
