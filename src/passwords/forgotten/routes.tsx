import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { ForgottenPassword, LinkOnItsWay } from '../../../views/passwords/forgotten-password.tsx'
import { anyone } from '../../platform/access/allow.ts'
import { afterwards } from '../../platform/afterwards.ts'
import { withoutQuery } from '../../platform/web/address.ts'
import type { App } from '../../platform/web/app-context.ts'
import { strangerCause } from '../../platform/web/cause.ts'
import { email, type Form, readForm, refuse } from '../../platform/web/form.ts'
import { show } from '../../platform/web/show.ts'
import { inMinutes } from '../../platform/web/waiting.ts'
import { countAsking, sendForgotten } from './commands.ts'

const asked = z.object({ email })
const page = (c: Context<App>, form?: Form, status = form ? 422 : 200) =>
  show(c, 'Forgotten password', <ForgottenPassword mailing={c.var.mailing} form={form} />, status)

export const forgottenPassword = new Hono<App>()
  .get('/forgotten-password', anyone(), withoutQuery, (c) => page(c))
  .get('/forgotten-password/sent', anyone(), withoutQuery, (c) => show(c, 'Look into your mail', <LinkOnItsWay />))
  // One answer, whoever has the address: what there is to do is done after it.
  .post('/forgotten-password', anyone(), async (c) => {
    const { db, key, log } = c.var
    const form = await readForm(c, asked)
    if (!form.input) return page(c, form)
    if (!c.var.mailing) return c.redirect('/forgotten-password', 303)
    const { email } = form.input
    const cause = strangerCause(c)
    const counted = await countAsking(db, cause, key, email)
    if ('wait' in counted) {
      c.header('Retry-After', String(counted.wait))
      const text = `Too many links were asked for from here. Wait ${inMinutes(counted.wait)}, then try again.`
      return page(c, refuse(form, { '': text }), 429)
    }
    if (!counted.quiet) afterwards(log, () => sendForgotten(db, cause, email))
    return c.redirect('/forgotten-password/sent', 303)
  })
