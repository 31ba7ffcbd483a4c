import { type Context, Hono } from 'hono'
import { ChangePassword, PasswordChanged } from '../../../views/passwords/change-password.tsx'
import { signedIn } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import { withoutQuery } from '../../platform/web/address.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { SignInFirst } from '../../platform/web/failures.ts'
import { type Form, readForm, refuse, secret } from '../../platform/web/form.ts'
import { show } from '../../platform/web/show.ts'
import { inMinutes } from '../../platform/web/waiting.ts'
import { browserOf } from '../../sessions/browser.ts'
import { newPassword } from '../form.ts'
import { changePassword } from './commands.ts'

const path = '/profile/security/password'
const changed = newPassword.extend({ current_password: secret('Enter the password that you have now') })
const page = (c: Context<App>, form?: Form, status = form ? 422 : 200) =>
  show(c, 'Change password', <ChangePassword email={c.var.visitor?.account.email ?? ''} form={form} />, status)

export const ownPasswordChange = new Hono<App>()
  .get(path, signedIn(), withoutQuery, confirmed(), (c) => page(c))
  .get(`${path}/changed`, signedIn(), withoutQuery, (c) =>
    show(c, 'Password changed', <PasswordChanged mailing={c.var.mailing} />),
  )
  .post(path, signedIn(), confirmed(), async (c) => {
    const { db, key, config, visitor } = c.var
    if (!visitor) throw new SignInFirst()
    const form = await readForm(c, changed)
    if (!form.input) return page(c, form)
    const result = await changePassword(
      db,
      causeOf(c),
      { key, secure: config.secure },
      visitor,
      form.input,
      browserOf(c).devices,
    )
    if ('gone' in result) throw new SignInFirst()
    if ('errors' in result) return page(c, refuse(form, result.errors))
    if ('wait' in result) {
      c.header('Retry-After', String(result.wait))
      const text = `There were too many wrong tries. Wait ${inMinutes(result.wait)}, then try again.`
      return page(c, refuse(form, { '': text }), 429)
    }
    c.header('Set-Cookie', result.cookie, { append: true })
    return c.redirect(`${path}/changed`, 303)
  })
