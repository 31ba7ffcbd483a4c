import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { CannotSignIn } from '../../views/sign-in/cannot-sign-in.tsx'
import { NewPassword } from '../../views/sign-in/new-password.tsx'
import { SignIn } from '../../views/sign-in/sign-in.tsx'
import { newPassword } from '../passwords/form.ts'
import { pageOfStage } from '../platform/access/actor.ts'
import { anyone, atStage } from '../platform/access/allow.ts'
import { safeNext, withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf, strangerCause } from '../platform/web/cause.ts'
import { SignInFirst } from '../platform/web/failures.ts'
import { type Form, readForm, refuse, secret } from '../platform/web/form.ts'
import { goal, keepNext, keptNext } from '../platform/web/next.ts'
import { show } from '../platform/web/show.ts'
import { inMinutes } from '../platform/web/waiting.ts'
import { browserOf, entered } from '../sessions/browser.ts'
import { blankCookie, endSession } from '../sessions/lucia.ts'
import { chooseOwnPassword, signIn as trySignIn } from './commands.ts'

const next = z.string().max(2000).optional()
const signInForm = z.object({
  login: z.string().min(1, 'Enter your email address or username').max(320, 'This is too long'),
  password: secret('Enter your password'),
  next,
})
const firstPassword = newPassword.extend({ next })

/** One sentence for every failure, so that it tells nobody who has an account. */
const wrong = 'Email or password is wrong. If your account is blocked, we have written to you.'

const waiting = (seconds: number) => `There were too many wrong tries. Wait ${inMinutes(seconds)}, then try again.`

const screen = (c: Context<App>, next: string | undefined, form?: Form, status = 200) =>
  show(c, 'Sign in', <SignIn form={form} next={goal(c, next)} />, status)

/** Where the door leads whoever needn't sign in, or is halfway in. */
function onward(c: Context<App>, next?: string): string | null {
  const stage = c.var.visitor?.session.stage
  if (stage === 'full') return safeNext(next, c.var.config.publicUrl)
  // Whoever is asked for a code may begin anew, as somebody else.
  return stage && stage !== 'password' ? pageOfStage[stage] : null
}

const ownPassword = (c: Context<App>, next: string | undefined, form?: Form, status = 200) =>
  show(
    c,
    'Choose your own password',
    <NewPassword email={c.var.visitor?.account.email ?? ''} next={goal(c, next)} form={form} />,
    status,
  )

export const signIn = new Hono<App>()
  .get('/sign-in', anyone(), (c) => {
    const next = c.req.query('next')
    const to = onward(c, next)
    if (next !== undefined && c.var.visitor?.session.stage !== 'full') keepNext(c, next)
    if (to) return c.redirect(to, 303)
    return new URL(c.req.url).search ? c.redirect('/sign-in', 303) : screen(c, keptNext(c))
  })
  .get('/sign-in/password-changed', anyone(), withoutQuery, (c) => {
    const to = onward(c)
    return to ? c.redirect(to, 303) : show(c, 'Sign in', <SignIn next={keptNext(c)} changed />)
  })
  .post('/sign-in', anyone(), async (c) => {
    const { db, key, config } = c.var
    const form = await readForm(c, signInForm)
    const { next } = form.values
    if (!form.input) return screen(c, next, form, 422)
    const result = await trySignIn(db, strangerCause(c), { key, secure: config.secure }, form.input, browserOf(c))
    if ('wait' in result) {
      c.header('Retry-After', String(result.wait))
      return screen(c, next, refuse(form, { '': waiting(result.wait) }), 429)
    }
    if ('wrong' in result) return screen(c, next, refuse(form, { '': wrong }), 422)
    return entered(c, result.done, next)
  })
  .get('/sign-in/new-password', atStage('new_password'), withoutQuery, (c) => ownPassword(c, keptNext(c)))
  .post('/sign-in/new-password', atStage('new_password'), async (c) => {
    const { db, config, visitor } = c.var
    if (!visitor) throw new SignInFirst()
    const form = await readForm(c, firstPassword)
    const { next } = form.values
    if (!form.input) return ownPassword(c, next, form, 422)
    const { password, password_again } = form.input
    const result = await chooseOwnPassword(
      db,
      causeOf(c),
      config.secure,
      visitor.account.id,
      { password, password_again },
      browserOf(c),
    )
    if ('gone' in result) {
      // Nothing is left to choose, and this sign-in leads nowhere else.
      await endSession(db, visitor.session.idHash)
      c.header('Set-Cookie', blankCookie(db, c.var.now, config.secure), { append: true })
      return c.redirect('/sign-in', 303)
    }
    if ('errors' in result) return ownPassword(c, next, refuse(form, result.errors), 422)
    return entered(c, result.done, next)
  })
  .get('/cannot-sign-in', anyone(), (c) => show(c, 'Can’t sign in?', <CannotSignIn />))
