import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Security, TurnOff } from '../../views/two-factor/security.tsx'
import { neededNow } from '../platform/access/actor.ts'
import { atStage, signedIn } from '../platform/access/allow.ts'
import { confirmed, isConfirmed } from '../platform/access/confirmed.ts'
import { safeNext, withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { Refused } from '../platform/web/failures.ts'
import { type Form, readForm } from '../platform/web/form.ts'
import { forgetNext, goal, keptNext } from '../platform/web/next.ts'
import { leadOn } from '../platform/web/said.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { turnOff } from './commands.ts'
import { ask, tryProof } from './confirm.tsx'
import {
  atSignIn,
  codesFile,
  hasBegun,
  inProfile,
  nowOn,
  showApp,
  showCodes,
  takeApp,
  takeCodes,
  visitorOf,
} from './enroll.tsx'
import { twoFactorOf } from './queries.ts'

const proofForm = z.object({
  confirm_password: z.string().max(2000, 'This is too long').optional(),
  confirm_code: z.string().max(100, 'This is too long').optional(),
  next: z.string().max(2000).optional(),
})
/** Of the pages at the door: those that would show a secret or codes. */
const whereBegun = confirmed({ stage: 'enroll', when: (_, c) => hasBegun(c) })
const offForm = z.object({ off: z.literal('on', 'Use the button') })

async function security(c: Context<App>, form?: Form, said?: string): Promise<Response> {
  const account = await twoFactorOf(c.var.db, visitorOf(c), c.var.now)
  return show(
    c,
    'Security',
    <Security account={account} requiredBy={neededNow(visitorOf(c), c.var.now)?.by} form={form} said={said} />,
    form ? 422 : 200,
  )
}

/** Before anything of it is shown or done; the statement that turns it off asks once more. */
function insistOnOptional(c: Context<App>): void {
  const needed = neededNow(visitorOf(c), c.var.now)
  if (needed) throw new Refused(`${needed.by} requires two-factor, so it can’t be turned off.`)
}

async function offScreen(c: Context<App>, form?: Form): Promise<Response> {
  insistOnOptional(c)
  const account = await twoFactorOf(c.var.db, visitorOf(c), c.var.now)
  if (form || account.two_factor_at)
    return show(
      c,
      'Turn off two-factor',
      <TurnOff left={account.codes_left} needed={visitorOf(c).twoFactor.needed} form={form} />,
      form ? 422 : 200,
    )
  return c.redirect('/profile/security', 303)
}

export const twoFactor = new Hono<App>()
  .get('/confirm', signedIn(), withoutQuery, async (c) => {
    const next = keptNext(c)
    return isConfirmed(c) ? c.redirect(next ?? '/', 303) : ask(c, { action: '/confirm', next })
  })
  .post('/confirm', signedIn(), async (c) => {
    const form = await readForm(c, proofForm)
    const next = goal(c, form.values.next)
    const question = { action: '/confirm', next }
    if (!form.input) return ask(c, { ...question, form, status: 422 })
    const { confirm_password = '', confirm_code = '' } = form.input
    const answer = await tryProof(c, { password: confirm_password, code: confirm_code }, question)
    if (answer instanceof Response) return answer
    forgetNext(c)
    return c.redirect(safeNext(next, c.var.config.publicUrl), 303)
  })
  .get('/profile/security', signedIn(), withoutQuery, (c) => security(c))
  .get('/profile/security/two-factor', signedIn(), withoutQuery, confirmed(), (c) => showApp(c, inProfile))
  .post('/profile/security/two-factor', signedIn(), confirmed(), (c) =>
    takeApp(c, inProfile, (form, said) => security(c, form, said)),
  )
  .get('/profile/security/two-factor/off', signedIn(), withoutQuery, confirmed(), (c) => offScreen(c))
  .post('/profile/security/two-factor/off', signedIn(), confirmed(), async (c) => {
    const { db, key, config } = c.var
    const form = await readForm(c, offForm)
    if (!form.input) return offScreen(c, form)
    insistOnOptional(c)
    const result = await turnOff(db, causeOf(c), { visitor: visitorOf(c), keys: { key, secure: config.secure } })
    if ('cookie' in result) {
      c.header('Set-Cookie', result.cookie, { append: true })
      nowOn(c, false)
    }
    const said = 'Two-factor is off.'
    if (!isSwap(c)) return leadOn(c, '/profile/security', said)
    c.header('HX-Replace-Url', '/profile/security')
    return security(c, undefined, said)
  })
  .get('/profile/security/backup-codes', signedIn(), withoutQuery, confirmed(), (c) => showCodes(c, inProfile))
  .get('/profile/security/backup-codes.txt', signedIn(), confirmed(), (c) => codesFile(c, inProfile))
  .post('/profile/security/backup-codes', signedIn(), confirmed(), (c) =>
    takeCodes(c, inProfile, (form, said) => security(c, form, said)),
  )
  // Whoever must turn it on first: the same pages on the sheet of the door. A session that is open when an organization begins to
  // require it, or when somebody joins one that does, may be hours old: whoever begins by it, goes on or looks again shows that it is
  // they, as in the profile. Only why they are here is told to everybody.
  .get('/sign-in/enroll', atStage('enroll'), withoutQuery, whereBegun, (c) => showApp(c, atSignIn))
  .post('/sign-in/enroll', atStage('enroll'), confirmed({ stage: 'enroll' }), (c) =>
    takeApp(c, atSignIn, (form) => security(c, form)),
  )
  .get('/sign-in/enroll/backup-codes', atStage('enroll'), withoutQuery, whereBegun, (c) => showCodes(c, atSignIn))
  .get('/sign-in/enroll/backup-codes.txt', atStage('enroll'), whereBegun, (c) => codesFile(c, atSignIn))
  .post('/sign-in/enroll/backup-codes', atStage('enroll'), confirmed({ stage: 'enroll' }), (c) =>
    takeCodes(c, atSignIn, (form) => security(c, form)),
  )
