import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { AccessStep, type Draw, EmailStep, Frame, HowStep, NameStep } from '../../views/add-user/add-user.tsx'
import { Added, Over, Unavailable } from '../../views/add-user/added.tsx'
import { ConfirmStep, InviteStep } from '../../views/add-user/confirm.tsx'
import { whyNotAllowed } from '../invitations/domain.ts'
import { sendInvitations } from '../invitations/new/commands.ts'
import { anyway, termsFields } from '../invitations/new/form.ts'
import { type Inviting, inviting } from '../invitations/new/queries.ts'
import { decideOffer, judge } from '../invitations/new/rules.ts'
import { pathOf as invitationPath } from '../invitations/where.ts'
import { accessFields, accessIn } from '../members/access/form.ts'
import { contactFields, placeFields } from '../members/edit/form.ts'
import { addPerson, saveStep, startDraft } from '../members/new/commands.ts'
import {
  chosenAccess,
  decideFirst,
  draftFor,
  type Here,
  reached,
  type Step,
  stepsOf,
  stepTitles,
  whyTaken,
} from '../members/new/draft.ts'
import { addedBy, type Draft, draftMakesAdmin, draftOf, whoHas } from '../members/new/queries.ts'
import { noRoom } from '../members/new/room.ts'
import { givenFor } from '../passwords/commands.ts'
import { passwordOf } from '../passwords/generate.ts'
import { hashPassword, isPassword } from '../passwords/hash.ts'
import { passwordErrors } from '../passwords/rules.ts'
import { type Actor, can } from '../platform/access/actor.ts'
import { actorOf, allow } from '../platform/access/allow.ts'
import { confirmed, forAdmin } from '../platform/access/confirmed.ts'
import { emailKey } from '../platform/fold.ts'
import { idFromKey, readId, shortId } from '../platform/ids.ts'
import { signLink } from '../platform/links.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { giveCookie, readCookie, takeCookie } from '../platform/web/cookie.ts'
import { deciding } from '../platform/web/deciding.ts'
import { NotAllowed, NotFound, TooMany } from '../platform/web/failures.ts'
import { email, type Form, formKey, line, readForm, refuse, version } from '../platform/web/form.ts'
import { countTry, limitKey, perNewAddress } from '../platform/web/limits.ts'
import { leadTo, show } from '../platform/web/show.ts'
import { whyOnlyInvited } from './rules.ts'

/*
 * Add user: a draft behind steps that have addresses of their own. Nothing but the draft exists before Confirm, which adds the person
 * now or sends an invitation. Of the steps that contract.md names, `cases` has nothing to choose yet, and leads on.
 */

const start = z.object({ key: formKey, email })
const emailForm = z.object({ email })
const nameForm = z.object({
  ...contactFields,
  first_name: line(100, { needed: 'Enter a first name', label: 'First name' }),
})
const howForm = z.object({ how: z.enum(['now', 'invite'], { error: 'Choose one of the two' }) })
const accessForm = z.object({ ...accessFields, ...placeFields })
const text = z.string().max(2000, 'This is too long').optional()
const confirmForm = z.object({
  key: formKey,
  version,
  /** How they get their first password, where they are added now. */
  how: z.enum(['link', 'generated', 'typed'], { error: 'Choose one of the three' }).optional(),
  password: text,
  password_again: text,
  /** What an invitation has beside them. */
  days: termsFields.days.optional(),
  message: termsFields.message.optional().meta({ lines: true }),
  anyway,
})

const baseOf = (c: Context<App>) => `/o/${actorOf(c).organization.slug}/members`
const pathOf = (c: Context<App>, draft: string, step: Step | 'done') => `${baseOf(c)}/new/${shortId(draft)}/${step}`

/** The actor's own draft; everybody else's, and none, are the same 404. */
async function found(c: Context<App>, actor: Actor, typedKey: string | null = null): Promise<Draft> {
  // Who lost the right while an act waited for its turn.
  if (!can(actor, 'members.invite')) throw new NotAllowed('members.invite')
  const id = readId(c.req.param('draft') ?? '')
  const draft = id && (await draftOf(c.var.db, actor, c.var, id, typedKey))
  if (!draft) throw new NotFound()
  return draft
}

const isOver = (c: Context<App>, draft: Draft) => draft.created_at.getTime() <= c.var.now.getTime() - draftFor
/** Before the answer says whether an address has an account: nobody goes through a long list of them. */
async function countAddress(c: Context<App>, actor: Actor): Promise<void> {
  const { db, key, now } = c.var
  const tried = await countTry(db, limitKey(key, perNewAddress, actor.accountId), perNewAddress, now)
  if (!tried.counted) throw new TooMany(tried.seconds)
}

const overScreen = (c: Context<App>) => show(c, 'Add user', <Over base={baseOf(c)} />, 410)

/** Steps of contract.md with nothing to choose yet, and where they lead. */
const instead: Record<string, Step> = { cases: 'confirm', done: 'confirm' }

/** The step that an address leads to: itself, when all before it are taken; null for no step at all. */
function leadsTo(actor: Actor, draft: Draft, named: string): Step | null {
  const asked = Object.hasOwn(instead, named) ? (instead[named] ?? '') : named
  if (!Object.hasOwn(stepTitles, asked)) return null
  const steps: string[] = stepsOf(actor)
  const step = steps.includes(asked) ? (asked as Step) : 'confirm'
  const far = reached(actor, draft.typed)
  return steps.indexOf(step) > steps.indexOf(far) ? far : step
}

const nextAfter = (actor: Actor, step: Step): Step => {
  const steps = stepsOf(actor)
  return steps[steps.indexOf(step) + 1] ?? 'confirm'
}

const drawOf = (c: Context<App>, actor: Actor, draft: Draft | null, step: Step, form?: Form): Draw => ({
  actor,
  base: baseOf(c),
  draft,
  step,
  action: c.req.path,
  mailing: c.var.mailing,
  form,
})

const framed = (c: Context<App>, draw: Draw, body: unknown, status = draw.form ? 422 : 200) =>
  show(
    c,
    `${draw.form ? 'Error: ' : ''}Add user, ${stepTitles[draw.step].toLowerCase()}`,
    <Frame {...draw}>{body as never}</Frame>,
    status,
  )

const emailScreen = (c: Context<App>, actor: Actor, draft: Draft | null, form?: Form, person?: Here | null) => {
  const draw = drawOf(c, actor, draft, 'email', form)
  return framed(c, draw, <EmailStep {...draw} person={person ?? null} />)
}
const nameScreen = (c: Context<App>, actor: Actor, draft: Draft, form?: Form) => {
  const draw = drawOf(c, actor, draft, 'name', form)
  return framed(c, draw, <NameStep {...draw} />)
}
const howScreen = (c: Context<App>, actor: Actor, draft: Draft, form?: Form) => {
  const draw = drawOf(c, actor, draft, 'how', form)
  return framed(c, draw, <HowStep {...draw} draft={draft} />)
}
const accessScreen = (c: Context<App>, actor: Actor, draft: Draft, form?: Form) => {
  const draw = drawOf(c, actor, draft, 'access', form)
  return framed(c, draw, <AccessStep {...draw} draft={draft} />)
}
/** The last step where an invitation is sent: the same form as Invite member asks for the rest. */
const inviteScreen = async (
  c: Context<App>,
  actor: Actor,
  draft: Draft,
  form?: Form,
  around?: Inviting,
  status?: 409 | 429,
) => {
  const draw = drawOf(c, actor, draft, 'confirm', form)
  const asked = around ?? (await inviting(c.var.db, actor, c.var, [draft.typed.email_key]))
  return framed(c, draw, <InviteStep {...draw} draft={draft} around={asked} />, status)
}
const confirmScreen = (
  c: Context<App>,
  actor: Actor,
  draft: Draft,
  form?: Form,
  person?: Here | null,
  status?: 409 | 429,
) => {
  if (draft.typed.how === 'invite') return inviteScreen(c, actor, draft, form)
  const draw = drawOf(c, actor, draft, 'confirm', form)
  return framed(c, draw, <ConfirmStep {...draw} draft={draft} person={person ?? null} />, status)
}
const screens = { email: emailScreen, name: nameScreen, how: howScreen, access: accessScreen, confirm: confirmScreen }

/** What a step's form does with its draft, while that is still one. */
const onDraft = (
  c: Context<App>,
  step: Step,
  work: (actor: Actor, draft: Draft) => Promise<Response>,
  { typedKey = null, whenDone }: { typedKey?: string | null; whenDone?: (draft: Draft) => void } = {},
) =>
  deciding(c, async (actor) => {
    const draft = await found(c, actor, typedKey)
    if (draft.result) {
      whenDone?.(draft)
      return c.redirect(pathOf(c, draft.id, 'done'), 303)
    }
    if (isOver(c, draft)) return overScreen(c)
    const to = leadsTo(actor, draft, step)
    return to === step ? work(actor, draft) : c.redirect(pathOf(c, draft.id, to ?? 'email'), 303)
  })

const inAnotherWindow = {
  '': 'This was changed in another window after you opened it here, so nobody was added. Look at it as it is now, then add them',
}

const addedBefore = { '': 'This form has added somebody already. Send it again to add another user' }

const given = 'given'
/**
 * What the page after Confirm makes the generated password of again, with APP_KEY: a redirect leads there, and the password itself
 * stands in no address, cookie or table.
 */
const keepSeed = (c: Context<App>, draft: Draft, key: string) =>
  giveCookie(c, given, `${shortId(draft.id)}.${key}`, 300)
/** So long a second press of the same button is answered like the first, whose answer the browser has thrown away. */
const atOnce = 10_000

const whoseOf = (actor: Actor, address: string) => ({ email: address, organizations: [actor.organization.name] })

const posts: Record<Step, (c: Context<App>) => Promise<Response>> = {
  email: async (c) => {
    const form = await readForm(c, emailForm)
    const typedKey = form.input && emailKey(form.input.email)
    if (typedKey) await countAddress(c, actorOf(c))
    return onDraft(
      c,
      'email',
      async (actor, draft) => {
        if (!form.input || !typedKey) return emailScreen(c, actor, draft, form)
        const taken = whyTaken(actor, draft.owner, c.var.now)
        const why = taken?.why ?? whyNotAllowed(typedKey, draft.rules.allowed_domains)
        if (why) return emailScreen(c, actor, draft, refuse(form, { email: why }), taken?.person)
        await saveStep(c.var.db, actor, draft, { email: form.input.email, email_key: typedKey })
        return c.redirect(pathOf(c, draft.id, 'name'), 303)
      },
      { typedKey },
    )
  },
  name: async (c) => {
    const form = await readForm(c, nameForm)
    return onDraft(c, 'name', async (actor, draft) => {
      if (!form.input) return nameScreen(c, actor, draft, form)
      await saveStep(c.var.db, actor, draft, { contact: form.input })
      return c.redirect(pathOf(c, draft.id, nextAfter(actor, 'name')), 303)
    })
  },
  how: async (c) => {
    const form = await readForm(c, howForm)
    return onDraft(c, 'how', async (actor, draft) => {
      if (!form.input) return howScreen(c, actor, draft, form)
      const { how } = form.input
      const only = how === 'now' && whyOnlyInvited(actor, draft)
      if (only) return howScreen(c, actor, draft, refuse(form, { how: only }))
      await saveStep(c.var.db, actor, draft, { how })
      return c.redirect(pathOf(c, draft.id, nextAfter(actor, 'how')), 303)
    })
  },
  access: async (c) => {
    const form = await readForm(c, accessForm)
    return onDraft(c, 'access', async (actor, draft) => {
      if (!form.input) return accessScreen(c, actor, draft, form)
      const asked = {
        ...accessIn(form.input),
        region_id: form.input.region ?? null,
        area_id: form.input.area ?? null,
      }
      const decision = decideFirst(actor, draft.choices, draft.regions, asked)
      if (decision.errors) return accessScreen(c, actor, draft, refuse(form, decision.errors))
      await saveStep(c.var.db, actor, draft, { access: decision.access })
      return c.redirect(pathOf(c, draft.id, 'confirm'), 303)
    })
  },
  confirm: async (c) => {
    const form = await readForm(c, confirmForm)
    const { input } = form
    // Made once, however often the act loses its turn.
    let hash: string | undefined
    const whenDone = (draft: Draft) => {
      const since = c.var.now.getTime() - (draft.done_at?.getTime() ?? 0)
      if (input?.how === 'generated' && since < atOnce) keepSeed(c, draft, input.key)
    }
    return onDraft(
      c,
      'confirm',
      async (actor, draft) => {
        if (!input) return confirmScreen(c, actor, draft, form)
        if (input.version !== draft.version)
          return confirmScreen(c, actor, draft, refuse(form, inAnotherWindow), null, 409)
        if (draft.typed.how === 'invite') return sendTo(c, actor, draft, form, input)
        if (!input.how) return confirmScreen(c, actor, draft, refuse(form, { how: 'Choose one of the three' }))
        const { typed, choices, regions, owner, rules } = draft
        const whose = whoseOf(actor, typed.email)
        const taken = whyTaken(actor, owner, c.var.now)
        const shut = taken?.why ?? whyNotAllowed(typed.email_key, rules.allowed_domains)
        const only = whyOnlyInvited(actor, draft)
        const decision = decideFirst(actor, choices, regions, chosenAccess(actor, typed, choices))
        const { how, key, password = '', password_again = '' } = input
        const errors = {
          ...(shut && { email: shut }),
          ...(!shut && only && { how: only }),
          ...decision.errors,
          ...(how === 'typed' && passwordErrors({ password, password_again }, whose)),
        }
        if (decision.errors || Object.keys(errors).length > 0)
          return confirmScreen(c, actor, draft, refuse(form, errors), taken?.person)
        const full = noRoom(draft.room, 1)
        if (full) {
          c.header('Retry-After', String(full.seconds))
          return confirmScreen(c, actor, draft, refuse(form, { '': full.because }), null, 429)
        }
        if (how !== 'link')
          hash ??= await hashPassword(how === 'typed' ? password : passwordOf(c.var.key, `${draft.id} ${key}`, whose))
        await addPerson(c.var.db, causeOf(c), actor, draft, decision.access, hash ?? null)
        if (how === 'generated') keepSeed(c, draft, key)
        return c.redirect(pathOf(c, draft.id, 'done'), 303)
      },
      { whenDone },
    )
  },
}

type Confirmation = z.output<typeof confirmForm>

/** The invitation's id comes from the draft's, so that the page after Confirm finds it. */
const invitationOf = (actor: Actor, draft: { id: string }) =>
  idFromKey(draft.id, actor.organization.id, actor.accountId)

/** Confirm of a draft that ends in an invitation. */
async function sendTo(c: Context<App>, actor: Actor, draft: Draft, form: Form, input: Confirmation): Promise<Response> {
  const { email, email_key, contact, access: typed } = draft.typed
  if (!contact) throw new Error('a draft is confirmed before its name is there')
  const around = await inviting(c.var.db, actor, c.var, [email_key])
  const { outcome, why, membership } = judge(around.known, email_key, c.var.now)
  const decision = decideOffer(actor, around, typed)
  const errors = {
    ...(why && (outcome !== 'looks' || !input.anyway) && { [outcome === 'looks' ? 'anyway' : 'email']: why }),
    ...(input.days === undefined && { days: 'Enter a number of days from 1 to 60' }),
    ...decision.errors,
  }
  if (decision.errors || input.days === undefined || Object.keys(errors).length > 0)
    return inviteScreen(c, actor, draft, refuse(form, errors), around)
  const full = noRoom(around.room, 1)
  if (full) {
    c.header('Retry-After', String(full.seconds))
    return inviteScreen(c, actor, draft, refuse(form, { '': full.because }), around, 429)
  }
  const { first_name, last_name, ...others } = contact
  const invitation = invitationOf(actor, draft)
  const person = { invitation, email, email_key, first_name, last_name, contact: others, membership }
  const terms = { access: decision.access, days: input.days, message: input.message ?? '' }
  await sendInvitations(c.var.db, causeOf(c), actor, around, [person], terms, {
    id: draft.id,
    version: draft.version,
    since: new Date(c.var.now.getTime() - draftFor),
    keep: { invited: decision.access.group },
  })
  return c.redirect(pathOf(c, draft.id, 'done'), 303)
}

/** The page after Confirm. What it shows once is gone from it when it is opened again. */
async function doneScreen(c: Context<App>, actor: Actor, draft: Draft): Promise<Response> {
  const { db, key, now, config, mailing } = c.var
  if (draft.invited)
    return leadTo(c, invitationPath(actor, { id: invitationOf(actor, draft), group_id: draft.invited }))
  const person = await addedBy(db, actor, { result: draft.result ?? '' })
  if (!person) return show(c, 'Add user', <Unavailable base={baseOf(c)} />)
  const [id, seed] = (readCookie(c, given) ?? '').split('.')
  let password: string | null = null
  if (id === shortId(draft.id) && seed) {
    takeCookie(c, given)
    const made = passwordOf(key, `${draft.id} ${seed}`, whoseOf(actor, person.email))
    if (person.must_change_password && (await isPassword(person.password_hash, made))) password = made
  }
  const works = person.password_hash === null && person.reset_generation === 1 && (person.reset_expires_at ?? now) > now
  // Who has risen above the actor meanwhile is somebody whose sign-in the actor has nothing to do with anymore.
  // Where letters go out, it is in the welcome letter, and whoever added them doesn't see it.
  const mayPassOn = works && !person.above && !mailing
  const link = {
    kind: 'reset',
    id: person.account_id,
    generation: 1,
    channel: 'copy',
    by: actor.membership.id,
  } as const
  const token = signLink(link, key)
  return show(
    c,
    'User added',
    <Added
      actor={actor}
      base={baseOf(c)}
      person={person}
      password={password}
      mailed={mailing ? (works ? 'link' : 'welcome') : null}
      link={mayPassOn ? new URL(`/reset-password/${token}`, config.publicUrl).href : null}
      until={person.reset_expires_at ?? person.password_expires_at ?? new Date(now.getTime() + givenFor)}
    />,
  )
}

/** For confirmed(): the role is Admin, or the last step is that of a draft in which Admin was chosen, whoever chose it. */
const makesAdmin = async (fields: URLSearchParams, c: Context<App>) => {
  const id = readId(c.req.param('draft') ?? '')
  const last = c.req.param('step') === 'confirm' && id !== null
  return forAdmin(fields) || (last && (await draftMakesAdmin(c.var.db, actorOf(c), id, 'add')))
}

export const addUser = new Hono<App>()
  .get('/new', allow('members.invite'), withoutQuery, (c) => emailScreen(c, actorOf(c), null))
  .post('/new', allow('members.invite'), async (c) => {
    const form = await readForm(c, start)
    const actor = actorOf(c)
    if (!form.input) return emailScreen(c, actor, null, form)
    const typed = { email: form.input.email, email_key: emailKey(form.input.email) }
    await countAddress(c, actor)
    const { owner, rules } = await whoHas(c.var.db, actor, typed.email_key)
    const taken = whyTaken(actor, owner, c.var.now)
    const why = taken?.why ?? whyNotAllowed(typed.email_key, rules.allowed_domains)
    if (why) return emailScreen(c, actor, null, refuse(form, { email: why }), taken?.person)
    const id = await startDraft(c.var.db, c.var.now, actor, 'add', form.input.key, typed)
    // A page that the browser kept from before: without the key, it begins with a new one.
    if (!id) return emailScreen(c, actor, null, refuse({ ...form, values: { email: typed.email } }, addedBefore))
    return c.redirect(pathOf(c, id, 'name'), 303)
  })
  .get('/new/:draft/:step', allow('members.invite'), withoutQuery, confirmed({ when: makesAdmin }), async (c) => {
    const actor = actorOf(c)
    const named = c.req.param('step')
    const draft = await found(c, actor)
    const step = leadsTo(actor, draft, named)
    if (!step) throw new NotFound()
    if (draft.result)
      return named === 'done' ? doneScreen(c, actor, draft) : c.redirect(pathOf(c, draft.id, 'done'), 303)
    if (isOver(c, draft)) return overScreen(c)
    return step === named ? screens[step](c, actor, draft) : c.redirect(pathOf(c, draft.id, step), 303)
  })
  .post('/new/:draft/:step', allow('members.invite'), confirmed({ when: makesAdmin }), (c) => {
    const step = c.req.param('step')
    if (!Object.hasOwn(posts, step)) throw new NotFound()
    return posts[step as Step](c)
  })
