import { forgetFormerEmails } from './accounts/email-change.ts'
import { putInvitationsBack } from './invitations/put-back.ts'
import { remindOfInvitations } from './invitations/remind.ts'
import { settleExpired } from './invitations/settle.ts'
import { tellOfEnding } from './members/ending.ts'
import { forgetOldDrafts } from './members/new/commands.ts'
import { keepAllStatusesCurrent } from './organizations/new-day.ts'
import type { Db } from './platform/database/connect.ts'
import { errorFacts, type Log } from './platform/log.ts'
import { forgetOldTries } from './platform/web/limits.ts'
import { forgetOldDevices } from './sessions/commands.ts'
import { forgetExpired } from './sessions/lucia.ts'
import { countSeats } from './settings/commands.ts'
import { forgetOldNotices, remindOfTwoFactor } from './settings/security/two-factor/remind.ts'
import { forgetOldEnrollments } from './two-factor/commands.ts'

const hour = 3_600_000

/** Milliseconds to a second past the next full hour: soon after midnight UTC too, and not before it where a timer is early. */
export const untilNextHour = (now: Date): number => hour - (now.getTime() % hour) + 1000

/** What nobody's request should wait for. Each is tried, whatever happened to the others; what fails is logged, and tried again. */
export async function upkeep(db: Db, now: Date, log: Log): Promise<void> {
  for (const [name, work] of Object.entries({
    forgetExpired,
    forgetOldDevices,
    forgetOldTries,
    forgetOldDrafts,
    forgetOldEnrollments,
    forgetFormerEmails,
    keepAllStatusesCurrent,
    countSeats,
    putInvitationsBack,
    remindOfInvitations,
    settleExpired,
    tellOfEnding,
    remindOfTwoFactor,
    forgetOldNotices,
  }))
    await work(db, now).catch((error: unknown) => log('warn', 'upkeep failed', { work: name, ...errorFacts(error) }))
}

/** Upkeep now, and every full hour. Gives what ends it. */
export function keepUp(db: Db, clock: () => Date, log: Log): () => void {
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const quiet: Log = (...line) => {
    // A process that stops closes its database under the work.
    if (!ended) log(...line)
  }
  const turn = async () => {
    await upkeep(db, clock(), quiet)
    if (ended) return
    timer = setTimeout(turn, untilNextHour(clock()))
    timer.unref()
  }
  void turn()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}
