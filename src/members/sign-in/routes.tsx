import { type Context, Hono } from 'hono'
import { z } from 'zod'
import {
  GiveLink,
  GivePassword,
  type Kept,
  LinkGiven,
  LinkSent,
  NoLinkHere,
  PasswordGiven,
  ResetTwoFactor,
  SignOutEverywhere,
  Unblock,
} from '../../../views/members/sign-in.tsx'
import { resetFor } from '../../accounts/reset-link.ts'
import { mayHelpSignIn, mayManageAccount } from '../../accounts/rules.ts'
import { givenFor } from '../../passwords/commands.ts'
import { generatePassword } from '../../passwords/generate.ts'
import { hashPassword } from '../../passwords/hash.ts'
import { passwordErrors } from '../../passwords/rules.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import { readId } from '../../platform/ids.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotFound, TooMany } from '../../platform/web/failures.ts'
import { type Form, readForm, refuse, version } from '../../platform/web/form.ts'
import { countTry, limitKey, perResetLink } from '../../platform/web/limits.ts'
import { done, insist, insistOnVersion, keepPlace, panelHref, showAct } from '../act.tsx'
import { lastAdmin } from '../last-admin.ts'
import { mayMakeLink, mayResetTwoFactor, mayUnblock } from '../rules.ts'
import { givePassword, makeLink, resetTwoFactor, signOutEverywhere, unblock } from './commands.ts'
import { type PersonAndSignIn, personAndSignIn } from './queries.ts'

const asked = z.object({ version })
const given = z.object({
  version,
  how: z.enum(['generated', 'typed'], { error: 'Choose one of the two' }),
  password: z.string().max(2000, 'This is too long').optional(),
  password_again: z.string().max(2000, 'This is too long').optional(),
})
const linked = z.object({ version, block_now: z.literal('on', { error: 'Tick it or leave it' }).optional() })

async function personOf(c: Context<App>, actor: Actor): Promise<PersonAndSignIn> {
  const id = readId(c.req.param('id') ?? '')
  const person = id && (await personAndSignIn(c.var.db, actor, id, c.var.now))
  if (!person) throw new NotFound()
  return person
}

const placed = (c: Context<App>, person: PersonAndSignIn, form?: Form) => ({
  person,
  action: c.req.path,
  back: panelHref(c, c.req.param('id') ?? ''),
  form,
})

const unblockScreen = (c: Context<App>, person: PersonAndSignIn, form?: Form) =>
  showAct(c, person, { title: 'Unblock' }, <Unblock {...placed(c, person, form)} />, form ? 422 : 200)

const signOutScreen = (c: Context<App>, person: PersonAndSignIn, form?: Form) =>
  showAct(
    c,
    person,
    { title: 'Sign out everywhere' },
    <SignOutEverywhere {...placed(c, person, form)} />,
    form ? 422 : 200,
  )

const twoFactorScreen = (c: Context<App>, person: PersonAndSignIn, form?: Form) =>
  showAct(c, person, { title: 'Reset two-factor' }, <ResetTwoFactor {...placed(c, person, form)} />, form ? 422 : 200)

const passwordScreen = (c: Context<App>, person: PersonAndSignIn, form?: Form, status: 200 | 409 | 422 = 422) =>
  showAct(
    c,
    person,
    { title: 'Change password' },
    <GivePassword {...placed(c, person, form)} mailing={c.var.mailing} />,
    form ? status : 200,
  )

const linkScreen = (c: Context<App>, actor: Actor, person: PersonAndSignIn, form?: Form, status: 409 | 422 = 422) =>
  showAct(
    c,
    person,
    { title: 'Send reset link' },
    <GiveLink
      {...placed(c, person, form)}
      // The version of this form is the number of the next link.
      next={(person.reset_generation ?? 0) + 1}
      mayBlock={mayManageAccount(actor, person) === null && !person.lastAdmin}
      mailing={c.var.mailing}
    />,
    form ? status : 200,
  )

/** The link is in the letter alone. */
const showSent = (c: Context<App>, person: PersonAndSignIn) =>
  showAct(c, person, { title: 'Reset link' }, <LinkSent person={person} back={placed(c, person).back} />)

/** On this answer alone: it stands nowhere else. */
function showLink(c: Context<App>, person: PersonAndSignIn, token: string) {
  const until = new Date(c.var.now.getTime() + resetFor)
  const href = new URL(`/reset-password/${token}`, c.var.config.publicUrl).href
  const { back } = placed(c, person)
  const kept: Kept = { text: href, until, zone: actorOf(c).timeZone, back }
  return showAct(c, person, { title: 'Reset link' }, <LinkGiven person={person} {...kept} />)
}

const changedMeanwhile = {
  '': 'Their password was changed after this form was opened, so nothing was done now. Send it again to change it once more.',
}
const linkedMeanwhile = {
  '': 'Another link was made after this form was opened, so nothing was done now. Send it again to make a new one.',
}

export const memberSignIn = new Hono<App>()
  .get('/:id/unblock', allow('members.credentials'), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayUnblock(actorOf(c), person))
    return unblockScreen(c, person)
  })
  .post('/:id/unblock', allow('members.credentials'), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayUnblock(actor, person))
      if (!form.input) return unblockScreen(c, person, form)
      insistOnVersion(person, form.input.version)
      await unblock(c.var.db, causeOf(c), c.var.key, actor, person)
      return done(c, person.id, 'Unblocked.')
    })
  })
  .get('/:id/sign-out', allow('members.credentials'), confirmed(), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayHelpSignIn(actorOf(c), person))
    return signOutScreen(c, person)
  })
  .post('/:id/sign-out', allow('members.credentials'), confirmed(), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayHelpSignIn(actor, person))
      if (!form.input) return signOutScreen(c, person, form)
      insistOnVersion(person, form.input.version)
      await signOutEverywhere(c.var.db, causeOf(c), actor, person)
      return done(c, person.id, 'Signed out everywhere.')
    })
  })
  .get('/:id/reset-two-factor', allow('members.credentials'), confirmed(), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayResetTwoFactor(actorOf(c), person))
    return twoFactorScreen(c, person)
  })
  .post('/:id/reset-two-factor', allow('members.credentials'), confirmed(), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayResetTwoFactor(actor, person))
      if (!form.input) return twoFactorScreen(c, person, form)
      insistOnVersion(person, form.input.version)
      await resetTwoFactor(c.var.db, causeOf(c), actor, person)
      return done(c, person.id, 'Two-factor reset.')
    })
  })
  .get('/:id/password', allow('members.credentials'), confirmed(), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayManageAccount(actorOf(c), person))
    return passwordScreen(c, person)
  })
  .post('/:id/password', allow('members.credentials'), confirmed(), async (c) => {
    const form = await readForm(c, given)
    // Made once, however often the act loses its turn.
    let made: { password: string; hash: string } | undefined
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayManageAccount(actor, person))
      if (!form.input) return passwordScreen(c, person, form)
      // Two presses of one button: the second makes no second password, which nobody would know of.
      if (form.input.version !== person.account_version)
        return passwordScreen(c, person, refuse(form, changedMeanwhile), 409)
      const { how, password = '', password_again = '' } = form.input
      const whose = { email: person.email, organizations: [actor.organization.name] }
      const errors = how === 'typed' ? passwordErrors({ password, password_again }, whose) : null
      if (errors) return passwordScreen(c, person, refuse(form, errors))
      if (!made) {
        const text = how === 'typed' ? password : generatePassword(whose)
        made = { password: text, hash: await hashPassword(text) }
      }
      await givePassword(c.var.db, causeOf(c), actor, person, made.hash)
      if (how === 'typed') return done(c, person.id, 'Password changed.')
      const { back } = placed(c, person)
      const kept: Kept = {
        text: made.password,
        until: new Date(c.var.now.getTime() + givenFor),
        zone: actor.timeZone,
        back,
      }
      return showAct(c, person, { title: 'New password' }, <PasswordGiven person={person} {...kept} />)
    })
  })
  .get('/:id/reset-link', allow('members.credentials'), confirmed(), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayHelpSignIn(actorOf(c), person))
    const refusal = mayMakeLink(actorOf(c), person, c.var.mailing)
    if (refusal && 'because' in refusal)
      return showAct(
        c,
        person,
        { title: 'Send reset link' },
        <NoLinkHere because={refusal.because} back={placed(c, person).back} />,
      )
    return linkScreen(c, actorOf(c), person)
  })
  .post('/:id/reset-link', allow('members.credentials'), confirmed(), async (c) => {
    const form = await readForm(c, linked)
    let counted = false
    return deciding(c, async (actor) => {
      const { db, key, now, mailing } = c.var
      const person = await personOf(c, actor)
      insist(mayMakeLink(actor, person, mailing))
      if (!form.input) return linkScreen(c, actor, person, form)
      const block = form.input.block_now === 'on'
      if (block) insist(mayManageAccount(actor, person))
      // Two presses of one button: the second doesn't end the link that the first has just shown.
      if (form.input.version !== (person.reset_generation ?? 0) + 1)
        return linkScreen(c, actor, person, refuse(form, linkedMeanwhile), 409)
      if (block && person.lastAdmin) return linkScreen(c, actor, person, refuse(form, { '': lastAdmin }))
      if (!counted) {
        const tried = await countTry(db, limitKey(key, perResetLink, person.email_key), perResetLink, now)
        if (!tried.counted) throw new TooMany(tried.seconds)
        counted = true
      }
      const token = await makeLink(db, causeOf(c), key, actor, person, { block, mailing })
      return token === null ? showSent(c, person) : showLink(c, person, token)
    })
  })
