import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { CheckScreen, DoneScreen, OverScreen, SeveralScreen } from '../../../views/invitations/several.tsx'
import { saveStep, startDraft } from '../../members/new/commands.ts'
import { draftFor } from '../../members/new/draft.ts'
import { draftMakesAdmin } from '../../members/new/queries.ts'
import { noRoom } from '../../members/new/room.ts'
import { type Actor, can } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed, forAdmin } from '../../platform/access/confirmed.ts'
import { newId, readId, shortId } from '../../platform/ids.ts'
import { withoutQuery } from '../../platform/web/address.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotAllowed, NotFound } from '../../platform/web/failures.ts'
import { type Form, formKey, lines, meanwhile, readForm, refuse, version } from '../../platform/web/form.ts'
import { show } from '../../platform/web/show.ts'
import { baseOf } from '../where.ts'
import { sendInvitations } from './commands.ts'
import { anyway, offerFields, offerIn, termsFields } from './form.ts'
import { check, type Done, goodOf, keysOf, readList, type Several } from './list.ts'
import { type Inviting, inviting, type SeveralDraft, severalDraft } from './queries.ts'
import { decideOffer, ownGroupOnly } from './rules.ts'

/*
 * Several at once: a pasted list behind two steps. What becomes of each line is shown first, and nothing is sent before Confirm.
 */

/** What is read of a body, so that a list that is too long comes back beside its field, and is not thrown away. */
const mostBytes = 1024 * 1024
const addresses = lines(60_000, { needed: 'Paste at least one address', label: 'The list' })
const listFields = { addresses, ...termsFields }
const startFields = { key: formKey, ...listFields }
const narrow = { start: z.object(startFields), change: z.object(listFields) }
const wide = {
  start: z.object({ ...startFields, ...offerFields }),
  change: z.object({ ...listFields, ...offerFields }),
}
const confirmForm = z.object({ version, anyway })

const pathOf = (actor: Actor, draft: string) => `${baseOf(actor)}/new/several/${shortId(draft)}`

async function found(c: Context<App>, actor: Actor): Promise<SeveralDraft> {
  if (!can(actor, 'members.invite')) throw new NotAllowed('members.invite')
  const id = readId(c.req.param('draft') ?? '')
  const draft = id && (await severalDraft(c.var.db, actor, id))
  if (!draft) throw new NotFound()
  return draft
}

const isOver = (c: Context<App>, draft: SeveralDraft) => draft.created_at.getTime() <= c.var.now.getTime() - draftFor
const overScreen = (c: Context<App>, actor: Actor) => show(c, 'Invite several', <OverScreen actor={actor} />, 410)

const listScreen = (c: Context<App>, actor: Actor, around: Inviting, draft: SeveralDraft | null, form?: Form) =>
  show(
    c,
    `${form ? 'Error: ' : ''}Invite several`,
    <SeveralScreen
      actor={actor}
      action={c.req.path}
      around={around}
      typed={draft ? (draft.data as Several) : null}
      mailing={c.var.mailing}
      form={form}
    />,
    form ? 422 : 200,
  )

function checkScreen(
  c: Context<App>,
  actor: Actor,
  around: Inviting,
  draft: SeveralDraft,
  form?: Form,
  status = form ? 422 : 200,
) {
  const { list } = draft.data as Several
  return show(
    c,
    `${form ? 'Error: ' : ''}Invite several, check`,
    <CheckScreen
      actor={actor}
      action={c.req.path}
      checked={check(list, around.known, c.var.now)}
      more={list.more}
      draft={draft}
      around={around}
      mailing={c.var.mailing}
      form={form}
    />,
    status,
  )
}

type Listed = z.output<typeof narrow.change>
/** The list of a form with what everybody in it gets, or what is wrong with that. */
function listed(actor: Actor, around: Inviting, input: Listed) {
  const decision = decideOffer(actor, around, 'role' in input ? offerIn(input as never) : undefined)
  if (decision.errors) return { errors: decision.errors as Record<string, string> }
  const { addresses: text, days, message } = input
  return { typed: { text, list: readList(text), access: decision.access, days, message } satisfies Several }
}

const usedBefore = { '': 'This form has sent invitations already. Send it again to invite others' }
const nobody = { '': 'Nobody in this list can be invited, so nothing was sent' }

async function start(c: Context<App>): Promise<Response> {
  const { db, now } = c.var
  const form = await readForm(c, ownGroupOnly(actorOf(c)) ? narrow.start : wide.start, mostBytes)
  return deciding(c, async (actor) => {
    const around = await inviting(db, actor, c.var, [])
    if (!form.input) return listScreen(c, actor, around, null, form)
    const { typed, errors } = listed(actor, around, form.input)
    if (errors) return listScreen(c, actor, around, null, refuse(form, errors))
    const id = await startDraft(db, now, actor, 'several', form.input.key, typed)
    if (id) return c.redirect(pathOf(actor, id), 303)
    const again = { ...form, values: { ...form.values, key: newId() } }
    return listScreen(c, actor, around, null, refuse(again, usedBefore))
  })
}

async function change(c: Context<App>): Promise<Response> {
  const form = await readForm(c, ownGroupOnly(actorOf(c)) ? narrow.change : wide.change, mostBytes)
  return deciding(c, async (actor) => {
    const draft = await found(c, actor)
    if (draft.result) return c.redirect(pathOf(actor, draft.id), 303)
    if (isOver(c, draft)) return overScreen(c, actor)
    const around = await inviting(c.var.db, actor, c.var, [])
    if (!form.input) return listScreen(c, actor, around, draft, form)
    const { typed, errors } = listed(actor, around, form.input)
    if (errors) return listScreen(c, actor, around, draft, refuse(form, errors))
    await saveStep(c.var.db, actor, draft, typed)
    return c.redirect(pathOf(actor, draft.id), 303)
  })
}

async function confirm(c: Context<App>): Promise<Response> {
  const { db, now } = c.var
  const form = await readForm(c, confirmForm)
  return deciding(c, async (actor) => {
    const draft = await found(c, actor)
    if (draft.result) return c.redirect(pathOf(actor, draft.id), 303)
    if (isOver(c, draft)) return overScreen(c, actor)
    const { list, access, days, message } = draft.data as Several
    const around = await inviting(db, actor, c.var, keysOf(list))
    const { input } = form
    if (!input) return checkScreen(c, actor, around, draft, form)
    if (input.version !== draft.version) return checkScreen(c, actor, around, draft, meanwhile(form), 409)
    const decision = decideOffer(actor, around, access)
    if (decision.errors) return checkScreen(c, actor, around, draft, refuse(form, decision.errors))
    const checked = check(list, around.known, now)
    const good = goodOf(checked, input.anyway === 'on')
    if (good.length === 0) return checkScreen(c, actor, around, draft, refuse(form, nobody))
    const full = noRoom(around.room, good.length)
    if (full) {
      c.header('Retry-After', String(full.seconds))
      return checkScreen(c, actor, around, draft, refuse(form, { '': full.because }), 429)
    }
    const left = checked.filter((one) => !good.includes(one))
    const keep: Done = {
      sent: good.length,
      waits: around.approval,
      left: left.map(({ text, judged }) => ({ text, outcome: judged.outcome })),
      more: list.more,
    }
    const people = good.map(({ judged: { membership }, ...one }) => ({ ...one, invitation: newId(), membership }))
    const confirmed = { id: draft.id, version: draft.version, since: new Date(now.getTime() - draftFor), keep }
    await sendInvitations(db, causeOf(c), actor, around, people, { access: decision.access, days, message }, confirmed)
    return c.redirect(pathOf(actor, draft.id), 303)
  })
}

/** For confirmed(): Admin was chosen before the list was looked at. */
const makesAdmin = async (_fields: URLSearchParams, c: Context<App>) => {
  const id = readId(c.req.param('draft') ?? '')
  return id !== null && (await draftMakesAdmin(c.var.db, actorOf(c), id, 'several'))
}

export const severalInvitations = new Hono<App>()
  .get('/new/several', allow('members.invite'), withoutQuery, async (c) => {
    const actor = actorOf(c)
    return listScreen(c, actor, await inviting(c.var.db, actor, c.var, []), null)
  })
  .post('/new/several', allow('members.invite'), confirmed({ when: forAdmin, most: mostBytes }), start)
  .get('/new/several/:draft', allow('members.invite'), withoutQuery, async (c) => {
    const actor = actorOf(c)
    const draft = await found(c, actor)
    if (draft.result)
      return show(c, 'Invitations', <DoneScreen actor={actor} done={draft.data as Done} mailing={c.var.mailing} />)
    if (isOver(c, draft)) return overScreen(c, actor)
    return checkScreen(c, actor, await inviting(c.var.db, actor, c.var, keysOf((draft.data as Several).list)), draft)
  })
  .post('/new/several/:draft', allow('members.invite'), confirmed({ when: makesAdmin }), confirm)
  .get('/new/several/:draft/list', allow('members.invite'), withoutQuery, async (c) => {
    const actor = actorOf(c)
    const draft = await found(c, actor)
    if (draft.result) return c.redirect(pathOf(actor, draft.id), 303)
    if (isOver(c, draft)) return overScreen(c, actor)
    return listScreen(c, actor, await inviting(c.var.db, actor, c.var, []), draft)
  })
  .post('/new/several/:draft/list', allow('members.invite'), confirmed({ when: forAdmin, most: mostBytes }), change)
