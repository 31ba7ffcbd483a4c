import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { ConfirmEmail, EmailConfirmed, EmailLinkDoesNotWork } from '../../views/accounts/confirm-email.tsx'
import { EmailRestored, RestoreEmail, RestoreLinkDoesNotWork } from '../../views/accounts/restore-email.tsx'
import { anyone } from '../platform/access/allow.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { strangerCause } from '../platform/web/cause.ts'
import { giveCookie, readCookie, takeCookie, takeTrail } from '../platform/web/cookie.ts'
import { readForm } from '../platform/web/form.ts'
import { show } from '../platform/web/show.ts'
import { blankCookie } from '../sessions/lucia.ts'
import { addressToConfirm, addressToRestore, confirmEmail, restoreEmail } from './email-change.ts'
import { confirmFor } from './rules.ts'

const cookie = 'confirm_email'
const confirmed = z.object({ token: z.string().max(300).optional() })

const gone = (c: Context<App>) => {
  takeCookie(c, cookie)
  return show(c, 'This link doesn’t work', <EmailLinkDoesNotWork />, 404)
}

const restoring = 'restore_email'
const over = (c: Context<App>) => {
  takeCookie(c, restoring)
  return show(c, 'This link doesn’t work', <RestoreLinkDoesNotWork />, 404)
}

export const accounts = new Hono<App>()
  .get('/confirm-email/done', anyone(), withoutQuery, (c) => {
    const signedIn = c.var.visitor?.session.stage === 'full'
    return show(c, 'Email changed', <EmailConfirmed signedIn={signedIn} />)
  })
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
    const { db, key, config, visitor } = c.var
    const form = await readForm(c, confirmed)
    // The form carries it too, so that one that was left open while another link was opened confirms what it shows.
    const token = form.values.token ?? readCookie(c, cookie) ?? ''
    // Whoever is signed in here as the owner stays so.
    const kept =
      visitor?.session.stage === 'full' ? { accountId: visitor.account.id, idHash: visitor.session.idHash } : null
    const result = await confirmEmail(db, strangerCause(c), { key, secure: config.secure }, token, kept)
    if (!result) return gone(c)
    takeCookie(c, cookie)
    if (result.cookie) c.header('Set-Cookie', result.cookie, { append: true })
    return c.redirect('/confirm-email/done', 303)
  })
  // "This was not me", from the letter to the address that an account had: in the same manner.
  .get('/restore-email/done', anyone(), withoutQuery, (c) => show(c, 'Email restored', <EmailRestored />))
  .get('/restore-email/:token', anyone(), async (c) => {
    const token = c.req.param('token')
    if (!(await addressToRestore(c.var.db, c.var.key, token, c.var.now))) return over(c)
    giveCookie(c, restoring, token, confirmFor / 1000)
    c.header('Referrer-Policy', 'no-referrer')
    return c.redirect('/restore-email', 303)
  })
  .get('/restore-email', anyone(), withoutQuery, async (c) => {
    const token = readCookie(c, restoring) ?? ''
    const email = await addressToRestore(c.var.db, c.var.key, token, c.var.now)
    return email ? show(c, 'This was not me', <RestoreEmail email={email} token={token} />) : over(c)
  })
  .post('/restore-email', anyone(), async (c) => {
    const { db, key, now, config, visitor } = c.var
    const form = await readForm(c, confirmed)
    const token = form.values.token ?? readCookie(c, restoring) ?? ''
    const result = await restoreEmail(db, strangerCause(c), key, token)
    if (!result) return over(c)
    takeCookie(c, restoring)
    if (visitor?.account.id === result.accountId) {
      c.header('Set-Cookie', blankCookie(db, now, config.secure), { append: true })
      takeTrail(c)
    }
    return c.redirect('/restore-email/done', 303)
  })
