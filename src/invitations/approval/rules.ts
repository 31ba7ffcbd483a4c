import type { Choices } from '../../members/access/rules.ts'
import type { Regions } from '../../members/edit/rules.ts'
import { decideFirst } from '../../members/new/draft.ts'
import type { Actor } from '../../platform/access/actor.ts'
import type { OrganizationRole } from '../../platform/access/permissions.ts'
import type { Refusal } from '../../platform/access/subject.ts'
import { stillThere } from '../givers.ts'
import { givenBy, type Offer } from '../rules.ts'

type Offered = { organization_role: string; offer: Offer; choices: Choices; regions: Regions }

/** Nobody approves what they couldn't give themselves, as it is today. */
export function mayGive(actor: Actor, { organization_role, offer, choices, regions }: Offered): Refusal {
  const { errors } = decideFirst(
    actor,
    choices,
    regions,
    stillThere(givenBy(organization_role as OrganizationRole, offer), { choices, regions }),
  )
  const [why] = Object.values(errors ?? {})
  return why
    ? {
        because: `You can’t approve what it offers. ${why.replace(/[.]?$/, '.')} Somebody who holds it can, or it is denied.`,
      }
    : null
}
