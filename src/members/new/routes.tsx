import { type Context, Hono } from 'hono'
import { z } from 'zod'
import {
  AccessStep,
  Added,
  ConfirmStep,
  type Draw,
  EmailStep,
  Frame,
  NameStep,
  Over,
  Unavailable,
} from '../../../views/members/new.tsx'
import { givenFor } from '../../passwords/commands.ts'
import { passwordOf } from '../../passwords/generate.ts'
import { hashPassword, isPassword } from '../../passwords/hash.ts'
import { passwordErrors } from '../../passwords/rules.ts'
import { type Actor, can } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { emailKey } from '../../platform/fold.ts'
import { readId, shortId } from '../../platform/ids.ts'
import { signLink } from '../../platform/links.ts'
import { withoutQuery } from '../../platform/web/address.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { giveCookie, readCookie, takeCookie } from '../../platform/web/cookie.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotAllowed, NotFound, TooMany } from '../../platform/web/failures.ts'
import { email, type Form, formKey, line, readForm, refuse, version } from '../../platform/web/form.ts'
import { countTry, limitKey, perNewAddress } from '../../platform/web/limits.ts'
import { show } from '../../platform/web/show.ts'
import { accessFields, accessIn } from '../access/form.ts'
import { baseOf } from '../act.tsx'
import { contactFields, placeFields } from '../edit/form.ts'
import { addPerson, saveStep, startDraft } from './commands.ts'
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
} from './draft.ts'
import { addedBy, type Draft, draftOf, whoHas } from './queries.ts'

/*
 * Add user, adding now: a draft behind steps that have addresses of their own. Nothing but the draft exists before Confirm. Of the
 * steps that contract.md names, `how` and `cases` have nothing to choose yet, and lead on.
 */

const start = z.object({ key: formKey, email })
const emailForm = z.object({ email })
const nameForm = z.object({
  ...contactFields,
  first_name: line(100, { needed: 'Enter a first name', label: 'First name' }),
})
const accessForm = z.object({ ...accessFields, ...placeFields })
const text = z.string().max(2000, 'This is too long').optional()
const confirmForm = z.object({
  key: formKey,
  version,
  how: z.enum(['link', 'generated', 'typed'], { error: 'Choose one of the three' }),
  password: text,
  password_again: text,
})

const pathOf = (c: Context<App>, draft: string, step: Step | 'done') => `${baseOf(c)}/new/${shortId(draft)}/${step}`

/** The actor's own draft; everybody else's, and none, are the same 404. */
async function found(c: Context<App>, actor: Actor, typedKey: string | null = null): Promise<Draft> {
  // Who lost the right while an act waited for its turn.
  if (!can(actor, 'members.invite')) throw new NotAllowed('members.invite')
  const id = readId(c.req.param('draft') ?? '')
  const draft = id && (await draftOf(c.var.db, actor, id, typedKey))
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
const instead: Record<string, Step> = { how: 'access', cases: 'confirm', done: 'confirm' }

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
const accessScreen = (c: Context<App>, actor: Actor, draft: Draft, form?: Form) => {
  const draw = drawOf(c, actor, draft, 'access', form)
  return framed(c, draw, <AccessStep {...draw} draft={draft} />)
}
const confirmScreen = (
  c: Context<App>,
  actor: Actor,
  draft: Draft,
  form?: Form,
  person?: Here | null,
  status?: 409,
) => {
  const draw = drawOf(c, actor, draft, 'confirm', form)
  return framed(c, draw, <ConfirmStep {...draw} draft={draft} person={person ?? null} />, status)
}
const screens = { email: emailScreen, name: nameScreen, access: accessScreen, confirm: confirmScreen }

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
        if (taken) return emailScreen(c, actor, draft, refuse(form, { email: taken.why }), taken.person)
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
        const { typed, choices, regions, owner } = draft
        const whose = whoseOf(actor, typed.email)
        const taken = whyTaken(actor, owner, c.var.now)
        const decision = decideFirst(actor, choices, regions, chosenAccess(actor, typed, choices))
        const { how, key, password = '', password_again = '' } = input
        const errors = {
          ...(taken && { email: taken.why }),
          ...decision.errors,
          ...(how === 'typed' && passwordErrors({ password, password_again }, whose)),
        }
        if (decision.errors || Object.keys(errors).length > 0)
          return confirmScreen(c, actor, draft, refuse(form, errors), taken?.person)
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

/** The page after Confirm. What it shows once is gone from it when it is opened again. */
async function doneScreen(c: Context<App>, actor: Actor, draft: Draft): Promise<Response> {
  const { db, key, now, config } = c.var
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
  // Who has risen above the actor meanwhile is somebody whose sign-in the actor has nothing to do with any more.
  const mayPassOn = works && !person.above
  const token = signLink({ kind: 'reset', id: person.account_id, generation: 1, channel: 'copy' }, key)
  return show(
    c,
    'User added',
    <Added
      actor={actor}
      base={baseOf(c)}
      person={person}
      password={password}
      link={mayPassOn ? new URL(`/reset-password/${token}`, config.publicUrl).href : null}
      until={person.reset_expires_at ?? person.password_expires_at ?? new Date(now.getTime() + givenFor)}
    />,
  )
}

export const newMember = new Hono<App>()
  .get('/new', allow('members.invite'), withoutQuery, (c) => emailScreen(c, actorOf(c), null))
  .post('/new', allow('members.invite'), async (c) => {
    const form = await readForm(c, start)
    const actor = actorOf(c)
    if (!form.input) return emailScreen(c, actor, null, form)
    const typed = { email: form.input.email, email_key: emailKey(form.input.email) }
    await countAddress(c, actor)
    const taken = whyTaken(actor, await whoHas(c.var.db, actor, typed.email_key), c.var.now)
    if (taken) return emailScreen(c, actor, null, refuse(form, { email: taken.why }), taken.person)
    const id = await startDraft(c.var.db, c.var.now, actor, form.input.key, typed)
    // A page that the browser kept from before: without the key, it begins with a new one.
    if (!id) return emailScreen(c, actor, null, refuse({ ...form, values: { email: typed.email } }, addedBefore))
    return c.redirect(pathOf(c, id, 'name'), 303)
  })
  .get('/new/:draft/:step', allow('members.invite'), withoutQuery, async (c) => {
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
  .post('/new/:draft/:step', allow('members.invite'), (c) => {
    const step = c.req.param('step')
    if (!Object.hasOwn(posts, step)) throw new NotFound()
    return posts[step as Step](c)
  })
