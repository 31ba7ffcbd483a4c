import type { Context } from 'hono'
import { Confirm } from '../../views/two-factor/confirm.tsx'
import type { Carried, Proof } from '../platform/access/confirmed.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { SignInFirst } from '../platform/web/failures.ts'
import type { Form } from '../platform/web/form.ts'
import { keepNext } from '../platform/web/next.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { inMinutes } from '../platform/web/waiting.ts'
import { browserOf } from '../sessions/browser.ts'
import { atSignIn } from './enroll.tsx'
import { prove } from './prove.ts'
import { accountToProve } from './queries.ts'

const title = 'Confirm that it is you'

type Question = { action: string; carried?: Carried; next?: string | undefined; form?: Form; status?: number }

/** The page that asks. In the place of a swap's target it would stand beside what it is about: it takes the whole screen. */
export async function ask(c: Context<App>, { status = 200, ...question }: Question): Promise<Response> {
  const { db, visitor } = c.var
  const account = visitor && (await accountToProve(db, visitor.account.id))
  if (!account) throw new SignInFirst()
  const enrolling = visitor.session.stage === 'enroll'
  const props = { twoFactor: account.two_factor_at !== null, enrolling, atDoor: enrolling || c.var.atDoor === true }
  const page = <Confirm {...question} {...props} />
  if (!isSwap(c) || c.req.path === '/confirm') return show(c, title, page, status)
  c.header('HX-Retarget', '#main')
  c.header('HX-Reswap', 'innerHTML')
  c.header('HX-Push-Url', 'false')
  return show(c, title, page)
}

/** Tries a proof: the session, under its new id, or the page that says what is wrong. */
export async function tryProof(
  c: Context<App>,
  proof: Proof,
  question: Question,
): Promise<Response | { cookie: string }> {
  const { db, key, config, visitor } = c.var
  if (!visitor) throw new SignInFirst()
  const result = await prove(db, causeOf(c), { key, secure: config.secure }, visitor, proof, browserOf(c).devices)
  const again = (errors: Record<string, string>, status: number) =>
    ask(c, { ...question, status, form: { input: null, values: {}, errors } })
  if ('over' in result) throw new SignInFirst()
  if ('errors' in result) return again(result.errors, 422)
  if ('wait' in result) {
    c.header('Retry-After', String(result.wait))
    return again({ '': `There were too many wrong tries. Wait ${inMinutes(result.wait)}, then try again.` }, 429)
  }
  const { cookie, session } = result.done
  c.set('visitor', { ...visitor, session })
  c.header('Set-Cookie', cookie, { append: true })
  return { cookie }
}

/**
 * What the guard confirmed() asks with (platform/access/confirmed.ts). Whoever must enroll has no other page to go to first: it is asked
 * in the place of what they have begun, and the answer leads there.
 */
export const confirmation = (c: Context<App>) => async (proof: Proof | null, carried: Carried) => {
  const { pathname, search } = new URL(c.req.url)
  if (c.req.method !== 'POST') {
    if (c.var.visitor?.session.stage === 'enroll')
      return ask(c, { action: atSignIn.app, carried: [['show', 'on']], status: 403 })
    keepNext(c, pathname + search)
    return isSwap(c) ? c.body(null, 200, { 'HX-Redirect': '/confirm' }) : c.redirect('/confirm', 303)
  }
  const question = { action: pathname, carried }
  return proof ? tryProof(c, proof, question) : ask(c, { ...question, status: 403 })
}
