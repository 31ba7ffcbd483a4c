import type { Context } from 'hono'
import { z } from 'zod'
import { SaveCodes } from '../../views/two-factor/codes.tsx'
import { BeginEnrolling, Enroll, type Place } from '../../views/two-factor/enroll.tsx'
import { neededNow, type Visitor } from '../platform/access/actor.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { SignInFirst, TooMany } from '../platform/web/failures.ts'
import { type Form, formKey, readForm, refuse } from '../platform/web/form.ts'
import { forgetNext, goal, keptNext } from '../platform/web/next.ts'
import { sayAt } from '../platform/web/said.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { browserOf, letIn } from '../sessions/browser.ts'
import { begin, codesToSave, confirmApp, finish, secretToShow } from './commands.ts'
import { enrollFor, type TwoFactor, twoFactorOf } from './queries.ts'

/*
 * Putting Rollcall into an authenticator app and saving backup codes: the same pages in one's profile, and for whoever must do it
 * before anything else opens.
 */

export const inProfile: Place = {
  app: '/profile/security/two-factor',
  codes: '/profile/security/backup-codes',
  home: '/profile/security',
}
export const atSignIn: Place = { app: '/sign-in/enroll', codes: '/sign-in/enroll/backup-codes', home: null }

const appForm = z.object({
  start: z.string().max(10).optional(),
  show: z.string().max(10).optional(),
  code: z.string().max(100, 'This is too long').optional(),
  enrollment: formKey.optional(),
})
const codesForm = z.object({
  make: z.string().max(10).optional(),
  saved: z.literal('on', 'Tick that you have saved the codes').optional(),
  enrollment: formKey.optional(),
})

export const visitorOf = (c: Context<App>): Visitor => {
  if (!c.var.visitor) throw new SignInFirst()
  return c.var.visitor
}

/** What the request does to it, for what it shows afterwards. */
export function nowOn(c: Context<App>, on: boolean): void {
  const visitor = visitorOf(c)
  c.set('visitor', { ...visitor, twoFactor: { ...visitor.twoFactor, on } })
}

const own = (c: Context<App>) => ({
  visitor: visitorOf(c),
  keys: { key: c.var.key, secure: c.var.config.secure },
})

const mine = (c: Context<App>) => twoFactorOf(c.var.db, visitorOf(c), c.var.now)

/** To another of these pages: by a redirect, or as that screen in the answer to a swap. */
function onTo(c: Context<App>, to: string, screen: () => Response | Promise<Response>) {
  if (!isSwap(c)) return c.redirect(to, 303)
  c.header('HX-Replace-Url', to)
  return screen()
}

const appScreen = (c: Context<App>, place: Place, account: TwoFactor, form?: Form, status = form ? 422 : 200) =>
  show(
    c,
    account.kind === 'replace' ? 'Replace your authenticator' : 'Turn on two-factor authentication',
    <Enroll
      place={place}
      replaces={account.kind === 'replace'}
      secret={secretToShow(c.var.key, account)}
      email={account.email}
      enrollment={account.enrollment ?? ''}
      until={new Date((account.begun_at?.getTime() ?? 0) + enrollFor)}
      zone={account.time_zone}
      form={form}
    />,
    status,
  )

const codesScreen = (c: Context<App>, place: Place, account: TwoFactor, form?: Form, status = form ? 422 : 200) =>
  show(
    c,
    'Save your backup codes',
    <SaveCodes
      place={place}
      first={account.kind === 'on'}
      codes={codesToSave(c.var.key, account)}
      enrollment={account.enrollment ?? ''}
      made={account.backup_made_at}
      zone={account.time_zone}
      form={form}
    />,
    status,
  )

const beginScreen = (c: Context<App>, place: Place, form?: Form, status = 200) =>
  show(
    c,
    'Turn on two-factor authentication',
    <BeginEnrolling action={place.app} needed={neededNow(visitorOf(c), c.var.now)} form={form} />,
    status,
  )

/** There is nothing begun that this page could be about. */
const nothingBegun = 'Nothing is begun, or it took more than an hour. Nothing was changed. Begin again'
const anotherSecret =
  'You began again after this page was opened, so it showed an older secret. This is the one that counts: delete the entry in your app and scan this one'

function lost(c: Context<App>, place: Place, security: (form: Form) => Promise<Response>) {
  const form: Form = { input: null, values: {}, errors: { '': nothingBegun } }
  return place.home ? security(form) : beginScreen(c, place, form, 422)
}

/** Whether there is a secret, or are codes, that these pages would show. */
export async function hasBegun(c: Context<App>): Promise<boolean> {
  const { secret, code_seed } = await mine(c)
  return secret !== null || code_seed !== null
}

/** The page with the secret, or what comes before or after it. */
export async function showApp(c: Context<App>, place: Place): Promise<Response> {
  const account = await mine(c)
  if (account.code_seed) return c.redirect(place.codes, 303)
  if (account.secret) return appScreen(c, place, account)
  return place.home ? c.redirect(place.home, 303) : beginScreen(c, place)
}

type Security = (form?: Form, said?: string) => Promise<Response>

/** Begins, or takes the code that shows that the app works. */
export async function takeApp(c: Context<App>, place: Place, security: Security): Promise<Response> {
  const { db, key } = c.var
  const form = await readForm(c, appForm)
  if (!form.input) {
    const account = await mine(c)
    return account.secret && !account.code_seed ? appScreen(c, place, account, form) : lost(c, place, security)
  }
  const { code, enrollment = '' } = form.input
  if (form.input.show !== undefined) return onTo(c, place.app, () => showApp(c, place))
  if (code === undefined && form.input.start === undefined) return lost(c, place, security)
  if (code === undefined) {
    await begin(db, causeOf(c), key, visitorOf(c).account.id, 'app')
    return onTo(c, place.app, () => showApp(c, place))
  }
  const result = await confirmApp(db, causeOf(c), own(c), { code, enrollment })
  if ('gone' in result) return lost(c, place, security)
  if ('wait' in result) throw new TooMany(result.wait)
  if ('next' in result) return onTo(c, place.codes, () => showCodes(c, place))
  if ('cookie' in result) {
    c.header('Set-Cookie', result.cookie, { append: true })
    return onTo(c, place.home ?? '/', () => security(undefined, 'Authenticator replaced.'))
  }
  const account = await mine(c)
  if ('stale' in result)
    return account.secret && !account.code_seed
      ? appScreen(c, place, account, refuse(form, { '': anotherSecret }), 409)
      : lost(c, place, security)
  return appScreen(c, place, account, refuse(form, result.errors))
}

/** The codes, as often as it takes to save them. */
export async function showCodes(c: Context<App>, place: Place): Promise<Response> {
  const account = await mine(c)
  if (account.code_seed) return codesScreen(c, place, account)
  return c.redirect(account.secret || !place.home ? place.app : place.home, 303)
}

/** The same as a file: what a browser without script can save. */
export async function codesFile(c: Context<App>, place: Place): Promise<Response> {
  const account = await mine(c)
  if (!account.code_seed) return c.redirect(place.codes, 303)
  const { host } = c.var.config.publicUrl
  const lines = [
    `Backup codes of Rollcall at ${host}`,
    `for ${account.email}`,
    '',
    ...codesToSave(c.var.key, account),
    '',
    'Each of them signs you in once, after your password, when you don’t have your phone.',
    '',
  ]
  return c.body(lines.join('\r\n'), 200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Disposition': 'attachment; filename="rollcall-backup-codes.txt"',
  })
}

/** Makes new codes, or ends with those that are saved. */
export async function takeCodes(c: Context<App>, place: Place, security: Security): Promise<Response> {
  const { db, key } = c.var
  const form = await readForm(c, codesForm)
  if (place.home && form.values.make !== undefined && form.input) {
    await begin(db, causeOf(c), key, visitorOf(c).account.id, 'codes')
    return onTo(c, place.codes, () => showCodes(c, place))
  }
  const { saved, enrollment = '' } = form.input ?? {}
  const account = await mine(c)
  if (!account.code_seed) return lost(c, place, security)
  if (!form.input) return codesScreen(c, place, account, form)
  if (account.enrollment !== enrollment) return codesScreen(c, place, account, refuse(form, { '': otherCodes }), 409)
  if (saved !== 'on')
    return codesScreen(c, place, account, refuse(form, { saved: 'Tick that you have saved the codes' }))
  const endAt = (home: string, said: string) => {
    if (!isSwap(c)) sayAt(c, home, said)
    return onTo(c, home, () => security(undefined, said))
  }
  const result = await finish(db, causeOf(c), own(c), enrollment, browserOf(c))
  if ('gone' in result || 'stale' in result) return lost(c, place, security)
  if (result.done === 'codes') return endAt(place.home ?? '/', 'The new backup codes count from now on.')
  letIn(c, { stage: 'full', session: result.cookie, device: result.device })
  nowOn(c, true)
  if (place.home) return endAt(place.home, 'Two-factor is on.')
  const to = goal(c, keptNext(c)) ?? '/'
  forgetNext(c)
  return c.redirect(to, 303)
}
const otherCodes = 'New codes were made after this page was opened. These are the ones that count: save them'
