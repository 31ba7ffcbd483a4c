import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { LinkDoesNotWork, ResetPassword, ResetSecondStep } from '../../views/passwords/reset-password.tsx'
import { anyone } from '../platform/access/allow.ts'
import type { Link } from '../platform/links.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { strangerCause } from '../platform/web/cause.ts'
import { giveCookie, readCookie, takeCookie, takeTrail } from '../platform/web/cookie.ts'
import { readForm, refuse } from '../platform/web/form.ts'
import { show } from '../platform/web/show.ts'
import { inMinutes } from '../platform/web/waiting.ts'
import { blankCookie, endSession } from '../sessions/lucia.ts'
import { guess, passWith } from '../two-factor/guess.ts'
import { readCode } from '../two-factor/totp.ts'
import { resetPassword, workingResetLink } from './commands.ts'
import { newPassword } from './form.ts'
import { cookie, isProven, proofFor, proofOf } from './second-step.ts'

const withCode = z.object({
  code: z.string().min(1, 'Enter a code').max(100, 'This is too long'),
  password: z.string().max(2000).optional(),
  password_again: z.string().max(2000).optional(),
})
type Shown = Parameters<typeof ResetPassword>[0]['form']

const title = 'Choose a new password'
const gone = (c: Context<App>) => show(c, 'This link doesn’t work', <LinkDoesNotWork />, 404)
const passwordPage = (c: Context<App>, { first }: { first: boolean }, form?: Shown) =>
  show(
    c,
    first ? 'Choose your password' : title,
    <ResetPassword action={c.req.path} first={first} form={form} />,
    form ? 422 : 200,
  )
const codePage = (c: Context<App>, form?: Shown, status = form ? 422 : 200) =>
  show(c, title, <ResetSecondStep action={c.req.path} form={form} />, status)

/** The code before the password: right, it is remembered in this browser for this link alone, and its next page is the password's. */
async function takeCode(c: Context<App>, link: Link) {
  const { db, key, now } = c.var
  const form = await readForm(c, withCode)
  if (!form.input) return codePage(c, form)
  const kind = readCode(form.input.code) ? ('code' as const) : ('backup_code' as const)
  const asked = { accountId: link.id, challenge: null, kind, typed: form.input.code }
  const result = await guess(db, strangerCause(c), key, asked)
  if ('wait' in result) {
    c.header('Retry-After', String(result.wait))
    const text = `There were too many wrong codes. Wait ${inMinutes(result.wait)}, then try again.`
    return codePage(c, refuse(form, { '': text }), 429)
  }
  if (!('right' in result) || !(await passWith(db, { ...strangerCause(c), actorId: link.id }, asked, result.right)))
    return codePage(c, refuse(form, { code: 'This code isn’t right, or it was used before' }))
  giveCookie(c, cookie, proofOf(key, link, now), proofFor / 1000)
  return c.redirect(c.req.path, 303)
}

export const passwords = new Hono<App>()
  // Opening it changes nothing: mail scanners open links too. Nothing of another site is on the page, and Referrer-Policy keeps
  // the address, with its token, from every other site.
  .get('/reset-password/:token', anyone(), withoutQuery, async (c) => {
    const { db, key, now } = c.var
    const link = await workingResetLink(db, key, c.req.param('token'), now)
    if (!link) return gone(c)
    return link.twoFactor && !isProven(key, link, readCookie(c, cookie), now) ? codePage(c) : passwordPage(c, link)
  })
  .post('/reset-password/:token', anyone(), async (c) => {
    const { db, key, now, config, visitor } = c.var
    const token = c.req.param('token')
    const proof = readCookie(c, cookie)
    const link = await workingResetLink(db, key, token, now)
    if (!link) return gone(c)
    if (link.twoFactor && !isProven(key, link, proof, now)) return takeCode(c, link)
    const form = await readForm(c, newPassword)
    if (!form.input) return passwordPage(c, link, form)
    const result = await resetPassword(db, strangerCause(c), { key, secure: config.secure }, token, form.input, proof)
    if ('gone' in result) return gone(c)
    if ('unproven' in result) return codePage(c)
    if ('errors' in result) return passwordPage(c, link, refuse(form, result.errors))
    takeCookie(c, cookie)
    // Whoever else was signed in in this browser leaves it, or the confirmation would not be seen.
    if (visitor) await endSession(db, visitor.session.idHash)
    c.header('Set-Cookie', blankCookie(db, now, config.secure), { append: true })
    if (visitor) takeTrail(c)
    return c.redirect('/sign-in/password-changed', 303)
  })
