import { Hono } from 'hono'
import { LinkDoesNotWork, ResetPassword } from '../../views/passwords/reset-password.tsx'
import { anyone } from '../platform/access/allow.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { strangerCause } from '../platform/web/cause.ts'
import { takeTrail } from '../platform/web/cookie.ts'
import { readForm, refuse } from '../platform/web/form.ts'
import { show } from '../platform/web/show.ts'
import { blankCookie, endSession } from '../sessions/lucia.ts'
import { resetPassword, workingResetLink } from './commands.ts'
import { newPassword } from './form.ts'

export const passwords = new Hono<App>()
  // Opening it changes nothing: mail scanners open links too. Nothing of another site is on the page, and Referrer-Policy keeps
  // the address, with its token, from every other site.
  .get('/reset-password/:token', anyone(), withoutQuery, async (c) => {
    const { db, key, now } = c.var
    const link = await workingResetLink(db, key, c.req.param('token'), now)
    return link
      ? show(c, 'Choose a new password', <ResetPassword action={c.req.path} />)
      : show(c, 'This link doesn’t work', <LinkDoesNotWork />, 404)
  })
  .post('/reset-password/:token', anyone(), async (c) => {
    const { db, key, now, config, visitor } = c.var
    const token = c.req.param('token')
    const gone = () => show(c, 'This link doesn’t work', <LinkDoesNotWork />, 404)
    const again = (form: Parameters<typeof ResetPassword>[0]['form']) =>
      show(c, 'Choose a new password', <ResetPassword action={c.req.path} form={form} />, 422)

    const form = await readForm(c, newPassword)
    if (!form.input) return (await workingResetLink(db, key, token, now)) ? again(form) : gone()
    const result = await resetPassword(db, strangerCause(c), { key, secure: config.secure }, token, form.input)
    if ('gone' in result) return gone()
    if ('errors' in result) return again(refuse(form, result.errors))
    // Whoever else was signed in in this browser leaves it, or the confirmation would not be seen.
    if (visitor) await endSession(db, visitor.session.idHash)
    c.header('Set-Cookie', blankCookie(db, now, config.secure))
    if (visitor) takeTrail(c)
    return c.redirect('/sign-in/password-changed', 303)
  })
