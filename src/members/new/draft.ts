import { type Actor, reach } from '../../platform/access/actor.ts'
import { type Access, type AccessErrors, type Choices, decideFirstAccess } from '../access/rules.ts'
import { placeErrors, type Regions } from '../edit/rules.ts'
import { takeBackFor } from '../rules.ts'

/** How long a draft can be gone on with, in ms. */
export const draftFor = 24 * 3_600_000

export const stepTitles = {
  email: 'Email',
  name: 'Name and contact details',
  how: 'Add now or send an invitation',
  access: 'Role, group, permissions',
  confirm: 'Confirm',
} as const
export type Step = keyof typeof stepTitles

export type Contact = {
  first_name: string
  last_name: string
  title: string
  cell_phone: string
  office_phone: string
  extension: string
}
export type Place = { region_id: string | null; area_id: string | null }

/** What a draft holds of the steps that were taken; each step writes its own part. */
export type Typed = {
  email: string
  email_key: string
  contact?: Contact
  how?: 'now' | 'invite'
  access?: Access & Place
}

/** Whether the actor adds into their own group alone, as a Group manager does: there is no access to choose then. */
export const ownGroupOnly = (actor: Actor): boolean => reach(actor, 'members.invite') !== 'organization'

/** The steps that the actor takes, in their order. */
export const stepsOf = (actor: Actor): Step[] =>
  ownGroupOnly(actor) ? ['email', 'name', 'how', 'confirm'] : ['email', 'name', 'how', 'access', 'confirm']

/** How far somebody has come: the first step that isn't taken yet. */
export const reached = (actor: Actor, { contact, how, access }: Typed): Step =>
  !contact ? 'name' : !how ? 'how' : !access && !ownGroupOnly(actor) ? 'access' : 'confirm'

/** What is chosen before anybody chose: a Member of the Default group. */
export const firstChoice = (choices: Choices): Access & Place => ({
  role: 'member',
  group: choices.groups.find(({ is_default }) => is_default)?.id ?? '',
  manages: false,
  customRoles: [],
  permissions: [],
  region_id: null,
  area_id: null,
})

/** What the person gets, as it was chosen; a Group manager gives their own group and nothing else. */
export const chosenAccess = (actor: Actor, typed: Pick<Typed, 'access'>, choices: Choices): Access & Place =>
  ownGroupOnly(actor)
    ? { ...firstChoice(choices), group: actor.membership.groupId }
    : (typed.access ?? firstChoice(choices))

export type FirstErrors = AccessErrors & { region?: string; area?: string }

/** Whether the actor may give that, and it is still there to be given; gives what becomes of it. */
export function decideFirst(
  actor: Actor,
  choices: Choices,
  regions: Regions,
  asked: Access & Place,
): { errors: FirstErrors } | { errors?: never; access: Access & Place } {
  const decision = decideFirstAccess(actor, choices, asked)
  const place = placeErrors(regions, asked.region_id, asked.area_id)
  if (decision.errors || place) return { errors: { ...decision.errors, ...place } }
  return { access: { ...asked, ...decision.access } }
}

/** Somebody of this organization who has the address, or whose account has it. */
export type Here = {
  id: string
  first_name: string
  last_name: string
  email: string
  status: string
  removed_at: string | null
  invite: string
  invite_expires_at: string | null
  seen: boolean
}
/** Who has an address already: somebody here, and whether there is an account with it anywhere. */
export type Owner = { here: Here | null; hasAccount: boolean }

/** Why there is nothing to add or to invite, as a sentence, and the person whom the actor may look at instead; null: there is. */
export function whyTaken(
  actor: Actor,
  { here }: Pick<Owner, 'here'>,
  now: Date,
): { why: string; person: Here | null } | null {
  if (!here || hasLapsed(here, now)) return null
  if (here.status !== 'removed') {
    // Nothing is told of people whom the actor doesn't see.
    if (!here.seen) return { why: 'You can’t add this address. Ask somebody who sees all members', person: null }
    const invited = here.status === 'invited'
    return { why: `Somebody with this address ${invited ? 'has been invited' : 'is a member'} already`, person: here }
  }
  const back = now.getTime() - new Date(here.removed_at ?? 0).getTime() < takeBackFor
  return here.seen && back && reach(actor, 'members.remove') === 'organization'
    ? { why: 'Somebody with this address was removed. Take them back instead', person: here }
    : null
}

/** They were invited, and the invitation has ended without them: there may be another one. */
const hasLapsed = ({ status, invite, invite_expires_at: until }: Here, now: Date) =>
  status === 'invited' &&
  (invite === 'pending_activation' ? until !== null && new Date(until) <= now : invite !== 'pending_approval')

/**
 * Whether an address is nobody's to add directly: it has an account, here or anywhere, or was invited before. Which of these is
 * told to nobody (product.md, "Who may change an account").
 */
export const mustBeInvited = ({ here, hasAccount }: Owner): boolean => here !== null || hasAccount

export const onlyInvited = 'This address can’t be added directly, so they get an invitation'
