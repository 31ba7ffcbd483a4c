import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { SetUp } from '../../views/set-up/set-up.tsx'
import { withPassword } from '../passwords/form.ts'
import { hashPassword } from '../passwords/hash.ts'
import { passwordErrors } from '../passwords/rules.ts'
import { anyone } from '../platform/access/allow.ts'
import type { App } from '../platform/web/app-context.ts'
import { strangerCause } from '../platform/web/cause.ts'
import { giveCookie, readCookie, takeCookie } from '../platform/web/cookie.ts'
import { NotFound } from '../platform/web/failures.ts'
import { type Form, readForm, refuse, secret } from '../platform/web/form.ts'
import { show } from '../platform/web/show.ts'
import { browserOf, letIn } from '../sessions/browser.ts'
import { start } from '../sign-in/commands.ts'
import { createOrganization } from './commands.ts'
import { newOrganization } from './form.ts'
import { isFirstStart } from './queries.ts'
import { isSetUpToken } from './token.ts'

const setUpForm = newOrganization.extend({
  password: secret('Enter a password'),
  password_again: secret('Enter the password again'),
  token: z.string().max(200).optional(),
})

const cookie = 'setup'

const screen = (c: Context<App>, token: string, form?: Form) =>
  show(c, 'Set up Rollcall', <SetUp token={token} form={form} />, form ? 422 : 200)

/** Used up or wrong, the link leads nowhere, as any address that doesn't exist. */
async function needsToken(c: Context<App>, token: string): Promise<void> {
  if (!isSetUpToken(c.var.key, token) || !(await isFirstStart(c.var.db))) throw new NotFound()
}

export const setUp = new Hono<App>()
  // As a link to join: the token leaves the address before there is a form. It stays in a cookie, so that the page can be
  // loaded again, and in the form, so that one that was left open for long is still taken.
  .get('/setup', anyone(), async (c) => {
    const token = c.req.query('token') ?? readCookie(c, cookie) ?? ''
    await needsToken(c, token)
    giveCookie(c, cookie, token, 60 * 60)
    if (!new URL(c.req.url).search) return screen(c, token)
    c.header('Referrer-Policy', 'no-referrer')
    return c.redirect('/setup', 303)
  })
  .post('/setup', anyone(), async (c) => {
    const { db, config } = c.var
    const form = await readForm(c, setUpForm)
    const token = form.values.token ?? c.req.query('token') ?? readCookie(c, cookie) ?? ''
    await needsToken(c, token)
    if (!form.input) {
      const { email = '', organization = '' } = form.values
      return screen(c, token, withPassword(form, { email, organizations: [organization] }))
    }
    const { organization, first_name, last_name, email, password } = form.input
    const errors = passwordErrors(form.input, { email, organizations: [organization] })
    if (errors) return screen(c, token, refuse(form, errors))

    const passwordHash = await hashPassword(password)
    const cause = strangerCause(c)
    const input = { organization, firstName: first_name, lastName: last_name, email, passwordHash }
    const result = await createOrganization(db, cause, input, { first: true })
    if ('refused' in result) {
      if (result.refused === 'not_first') throw new NotFound()
      // The link proves the installation, not the person: it opens no account that is there already.
      return screen(c, token, refuse(form, { email: 'Enter another address: this one has an account already' }))
    }
    const { accountId, slug } = result.created
    const signedIn = await start(db, { ...cause, actorId: accountId }, config.secure, accountId, 'full', browserOf(c))
    letIn(c, signedIn)
    takeCookie(c, cookie)
    return c.redirect(`/o/${slug}/members`, 303)
  })
