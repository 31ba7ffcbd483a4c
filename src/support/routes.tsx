import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { LinkSent, People, ResetLink, Unblock } from '../../views/support/people.tsx'
import { support } from '../platform/access/allow.ts'
import { type Look, recordLooks } from '../platform/events/looked.ts'
import { readId } from '../platform/ids.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { NotFound, TooMany } from '../platform/web/failures.ts'
import { email, type Form, readForm, refuse, version } from '../platform/web/form.ts'
import { countTry, limitKey, perResetLink } from '../platform/web/limits.ts'
import { show } from '../platform/web/show.ts'
import { endBlock, sendResetLink } from './commands.ts'
import { type AccountToHelp, accountToHelp, type Found, factsOf, personWithAddress } from './queries.ts'
import { nextStep } from './rules.ts'

const asked = z.object({ version })

const supportCause = (c: Context<App>) => ({ ...causeOf(c), how: 'support' as const })
const zoneOf = (c: Context<App>) => c.var.visitor?.account.timeZone ?? 'UTC'

/** In each organization it is noted by what that has of the person: a membership, else an invitation. */
function looksAt({ members, invitations }: Found): Look[] {
  const looks = new Map<string, Look>()
  for (const { organization_id, id } of members)
    looks.set(organization_id, { organizationId: organization_id, subject: 'membership', subjectId: id })
  for (const { organization_id, id } of invitations)
    if (!looks.has(organization_id))
      looks.set(organization_id, { organizationId: organization_id, subject: 'invitation', subjectId: id })
  return [...looks.values()]
}

async function helped(c: Context<App>): Promise<AccountToHelp> {
  const id = readId(c.req.param('id') ?? '')
  const account = id && (await accountToHelp(c.var.db, id))
  if (!account) throw new NotFound()
  const looks = account.members.map((one) => ({
    organizationId: one.organization_id,
    subject: 'membership' as const,
    subjectId: one.id,
  }))
  await recordLooks(c.var.db, supportCause(c), c.var.key, looks)
  return account
}

const backOf = (account: AccountToHelp) => `/support/people?email=${encodeURIComponent(account.email)}`

const linkScreen = (c: Context<App>, account: AccountToHelp, form?: Form, status: 409 | 422 = 422) =>
  show(
    c,
    'Send reset link',
    <ResetLink
      email={account.email}
      version={account.reset_generation + 1}
      action={c.req.path}
      back={backOf(account)}
      mails={c.var.mailing}
      form={form}
    />,
    form ? status : 200,
  )

const unblockScreen = (c: Context<App>, account: AccountToHelp, form?: Form) =>
  show(
    c,
    'Unblock',
    <Unblock
      email={account.email}
      version={account.reset_generation + 1}
      action={c.req.path}
      back={backOf(account)}
      form={form}
    />,
    form ? 422 : 200,
  )

const linkedMeanwhile = {
  '': 'Another link was made after this form was opened, so nothing was sent now. Send it again to make a new one.',
}

export const supportStaff = new Hono<App>()
  .get('/', support(), (c) => c.redirect('/support/invitations', 303))
  .get('/people', support(), async (c) => {
    const { db, now, key } = c.var
    const typed = c.req.query('email')?.trim() ?? ''
    const address = typed ? email.safeParse(typed) : null
    if (!address?.success)
      return show(c, 'Support', <People typed={typed} wrong={address !== null} now={now} zone={zoneOf(c)} />)
    const found = await personWithAddress(db, address.data, now)
    await recordLooks(db, supportCause(c), key, looksAt(found))
    const step = nextStep(factsOf(found, now))
    return show(
      c,
      found.email,
      <People typed={address.data} wrong={false} found={found} step={step} now={now} zone={zoneOf(c)} />,
    )
  })
  .get('/people/:id/reset-link', support(), withoutQuery, async (c) => linkScreen(c, await helped(c)))
  .post('/people/:id/reset-link', support(), async (c) => {
    const { db, key, now } = c.var
    const form = await readForm(c, asked)
    const account = await helped(c)
    if (!form.input) return linkScreen(c, account, form)
    // Two presses of one button: the second doesn't end the link that the first has just sent.
    if (form.input.version !== account.reset_generation + 1)
      return linkScreen(c, account, refuse(form, linkedMeanwhile), 409)
    const tried = await countTry(db, limitKey(key, perResetLink, account.email_key), perResetLink, now)
    if (!tried.counted) throw new TooMany(tried.seconds)
    if (!(await sendResetLink(db, supportCause(c), account)))
      return linkScreen(c, account, refuse(form, linkedMeanwhile), 409)
    return show(c, 'Reset link', <LinkSent email={account.email} back={backOf(account)} mails={c.var.mailing} />)
  })
  .get('/people/:id/unblock', support(), withoutQuery, async (c) => unblockScreen(c, await helped(c)))
  .post('/people/:id/unblock', support(), async (c) => {
    const form = await readForm(c, asked)
    const account = await helped(c)
    if (!form.input) return unblockScreen(c, account, form)
    await endBlock(c.var.db, supportCause(c), c.var.key, account)
    return c.redirect(backOf(account), 303)
  })
