import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { AccountForm, EmailLinkGiven, EmailLinkSent } from '../../../views/members/account.tsx'
import { confirmFor, mayManageAccount, usernameProblem } from '../../accounts/rules.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import { emailKey } from '../../platform/fold.ts'
import { readId } from '../../platform/ids.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotFound, Refused, TooMany } from '../../platform/web/failures.ts'
import { email, type Form, line, meanwhile, readForm, refuse, version } from '../../platform/web/form.ts'
import { countTry, limitKey, perEmailChange } from '../../platform/web/limits.ts'
import { done, insist, keepPlace, panelHref, showAct } from '../act.tsx'
import { type PersonAndSignIn, personAndSignIn } from '../sign-in/queries.ts'
import { cancelEmailChange, changeAccount } from './commands.ts'

const wanted = z.object({
  version,
  username: line(2000, { label: 'Username' }).transform((text, context) => {
    const problem = text === '' ? null : usernameProblem(text)
    if (problem) context.addIssue({ code: 'custom', message: problem })
    return text === '' ? null : text
  }),
  email,
})
const canceled = z.object({ version })

async function personOf(c: Context<App>, actor: Actor): Promise<PersonAndSignIn> {
  const id = readId(c.req.param('id') ?? '')
  const person = id && (await personAndSignIn(c.var.db, actor, id, c.var.now))
  if (!person) throw new NotFound()
  insist(mayManageAccount(actor, person))
  return person
}

const screen = (
  c: Context<App>,
  person: PersonAndSignIn,
  form?: Form,
  status: 200 | 409 | 422 | 429 = form ? 422 : 200,
) =>
  showAct(
    c,
    person,
    { title: 'Username and email' },
    <AccountForm
      person={person}
      action={`${panelPath(c)}/account`}
      back={panelHref(c, c.req.param('id') ?? '')}
      mailing={c.var.mailing}
      zone={actorOf(c).timeZone}
      form={form}
    />,
    status,
  )

const panelPath = (c: Context<App>) => `/o/${actorOf(c).organization.slug}/members/${c.req.param('id')}`

/** The link is in the letter alone: whoever can read it there has the address. */
const showSent = (c: Context<App>, person: PersonAndSignIn, address: string) =>
  showAct(
    c,
    person,
    { title: 'Confirm the new address' },
    <EmailLinkSent person={person} email={address} back={panelHref(c, c.req.param('id') ?? '')} />,
  )

/** On this answer alone: it stands nowhere else. */
function showLink(c: Context<App>, person: PersonAndSignIn, address: string, token: string) {
  const href = new URL(`/confirm-email/${token}`, c.var.config.publicUrl).href
  const until = new Date(c.var.now.getTime() + confirmFor)
  const back = panelHref(c, c.req.param('id') ?? '')
  return showAct(
    c,
    person,
    { title: 'Confirm the new address' },
    <EmailLinkGiven person={person} email={address} text={href} until={until} zone={actorOf(c).timeZone} back={back} />,
  )
}

export const account = new Hono<App>()
  .get('/:id/account', allow('members.credentials'), confirmed(), keepPlace, async (c) =>
    screen(c, await personOf(c, actorOf(c))),
  )
  .post('/:id/account', allow('members.credentials'), confirmed(), async (c) => {
    const form = await readForm(c, wanted)
    let counted = false
    return deciding(c, async (actor) => {
      const { db, key, now } = c.var
      const person = await personOf(c, actor)
      const { input } = form
      if (!input) return screen(c, person, form)
      if (input.version !== person.account_version) return screen(c, person, meanwhile(form), 409)
      const moved = emailKey(input.email) !== person.email_key
      if (!moved && input.username === person.username) return done(c, person.id, 'Nothing was changed.')
      if (moved && !counted) {
        const tried = await countTry(db, limitKey(key, perEmailChange, person.account_id ?? ''), perEmailChange, now)
        if (!tried.counted) throw new TooMany(tried.seconds)
        counted = true
      }
      const result = await changeAccount(db, causeOf(c), key, actor, person, {
        username: input.username,
        email: moved ? input.email : null,
      })
      if (result.errors) {
        if (result.wait) c.header('Retry-After', String(result.wait))
        return screen(c, person, refuse(form, result.errors), result.wait ? 429 : 422)
      }
      if (!result.token) return done(c, person.id, 'Username changed.')
      return c.var.mailing ? showSent(c, person, input.email) : showLink(c, person, input.email, result.token)
    })
  })
  .post('/:id/account/cancel', allow('members.credentials'), async (c) => {
    const form = await readForm(c, canceled)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      if (!person.new_email) throw new Refused('There is no change of email to cancel: it was confirmed or canceled.')
      if (!form.input) return screen(c, person, form)
      if (form.input.version !== person.account_version) return screen(c, person, meanwhile(form), 409)
      await cancelEmailChange(c.var.db, causeOf(c), actor, person)
      return done(c, person.id, 'Change of email canceled.')
    })
  })
