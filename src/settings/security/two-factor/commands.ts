import type { Actor } from '../../../platform/access/actor.ts'
import type { Db } from '../../../platform/database/connect.ts'
import type { Cause } from '../../../platform/events/record.ts'
import { writeSecurity } from '../commands.ts'

/** Requires two-factor from a day on, or no longer. It holds on everybody's next request. Throws as `writeSecurity`. */
export const requireTwoFactor = (
  db: Db,
  cause: Cause,
  actor: Actor,
  before: { two_factor_from: string | null; version: number },
  from: string | null,
): Promise<void> =>
  writeSecurity(
    db,
    cause,
    actor,
    before,
    { two_factor_from: from },
    { fields: ['two_factor_from'], two_factor_from: [before.two_factor_from, from] },
  )
