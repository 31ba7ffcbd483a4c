import { type Actor, reach } from '../../platform/access/actor.ts'
import { type Access, type AccessErrors, type Choices, decideFirstAccess } from '../access/rules.ts'
import { placeErrors, type Regions } from '../edit/rules.ts'
import { takeBackFor } from '../rules.ts'

/** How long a draft can be gone on with, in ms. */
export const draftFor = 24 * 3_600_000

export const stepTitles = {
  email: 'Email',
  name: 'Name and contact details',
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
export type Typed = { email: string; email_key: string; contact?: Contact; access?: Access & Place }

/** Whether the actor adds into their own group alone, as a Group manager does: there is no access to choose then. */
export const ownGroupOnly = (actor: Actor): boolean => reach(actor, 'members.invite') !== 'organization'

/** The steps that the actor takes, in their order. */
export const stepsOf = (actor: Actor): Step[] =>
  ownGroupOnly(actor) ? ['email', 'name', 'confirm'] : ['email', 'name', 'access', 'confirm']

/** How far somebody has come: the first step that isn't taken yet. */
export const reached = (actor: Actor, { contact, access }: Typed): Step =>
  !contact ? 'name' : !access && !ownGroupOnly(actor) ? 'access' : 'confirm'

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
export const chosenAccess = (actor: Actor, typed: Typed, choices: Choices): Access & Place =>
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
  seen: boolean
}
/** Who has an address already: somebody here, and whether there is an account with it anywhere. */
export type Owner = { here: Here | null; hasAccount: boolean }

/** Why the address can't be added, as a sentence, and the person whom the actor may look at instead; null: it can be. */
export function whyTaken(
  actor: Actor,
  { here, hasAccount }: Owner,
  now: Date,
): { why: string; person: Here | null } | null {
  if (here?.seen && here.status !== 'removed')
    return {
      why:
        here.status === 'invited'
          ? 'Somebody with this address has been invited already'
          : 'Somebody with this address is a member already',
      person: here,
    }
  if (here?.seen && reach(actor, 'members.remove') === 'organization') {
    const back = now.getTime() - new Date(here.removed_at ?? 0).getTime() < takeBackFor
    return back
      ? { why: 'Somebody with this address was removed. Take them back instead', person: here }
      : {
          why: 'Somebody with this address was removed more than 30 days ago, and can’t be added directly',
          person: here,
        }
  }
  // Nothing is told of other organizations, nor of people whom the actor doesn't see.
  return here || hasAccount
    ? {
        why: 'This address has an account already, and nobody adds somebody else’s account directly. Ask them for another address',
        person: null,
      }
    : null
}
