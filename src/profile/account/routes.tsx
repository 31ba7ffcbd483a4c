import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { AccountProfile, ChooseTimeZone } from '../../../views/profile/account.tsx'
import { usernameProblem } from '../../accounts/rules.ts'
import { whomToAsk } from '../../organizations/queries.ts'
import { signedIn } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import { TurnLost } from '../../platform/access/turn.ts'
import { emailKey } from '../../platform/fold.ts'
import { withoutQuery } from '../../platform/web/address.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { SignInFirst } from '../../platform/web/failures.ts'
import { email, type Form, line, meanwhile, readForm, refuse, version } from '../../platform/web/form.ts'
import { countTry, limitKey, perEmailChange } from '../../platform/web/limits.ts'
import { leadOn } from '../../platform/web/said.ts'
import { isSwap, show } from '../../platform/web/show.ts'
import { inMinutes } from '../../platform/web/waiting.ts'
import { cancelOwn, changeOwn, setTimeZone } from './commands.ts'
import { type OwnAccount, ownAccount, ownAccountToChange } from './queries.ts'
import { isTimeZone } from './time-zones.ts'

/** What is locked isn't in the form; what isn't in it stays as it is. */
const wanted = z.object({
  version: version.optional(),
  username: line(2000, { label: 'Username' })
    .transform((text, context) => {
      const problem = text === '' ? null : usernameProblem(text)
      if (problem) context.addIssue({ code: 'custom', message: problem })
      return text === '' ? null : text
    })
    .optional(),
  email: email.optional(),
})
const canceled = z.object({ version })
const zoned = z.object({ time_zone: z.string().refine(isTimeZone, 'Choose a time zone from the list') })

const locked = 'Your group doesn’t let its members change this. Nothing was saved'
const taken = 'Somebody has this username already. Choose another one'

function visitorOf(c: Context<App>) {
  const { visitor } = c.var
  if (!visitor) throw new SignInFirst()
  return visitor
}

async function accountOf(c: Context<App>): Promise<OwnAccount> {
  const account = await ownAccount(c.var.db, visitorOf(c).account.id, c.var.now)
  if (!account) throw new SignInFirst()
  return account
}

type Shown = { form?: Form; said?: string; status?: 200 | 409 | 422 | 429 }

async function screen(c: Context<App>, account: OwnAccount, { form, said, status = form ? 422 : 200 }: Shown = {}) {
  const { db, now, mailing } = c.var
  const { email_locked, username_locked, organization_id } = account
  const people = organization_id && (email_locked || username_locked) ? await whomToAsk(db, organization_id, now) : []
  const organizations = visitorOf(c).organizations.filter(({ open }) => open)
  const props = { account, people, organizations, mailing, now, form, said }
  return show(c, `${form ? 'Error: ' : ''}Account`, <AccountProfile {...props} />, status)
}

/** With htmx the fresh screen and what was done; otherwise its page. */
async function done(c: Context<App>, said: string): Promise<Response> {
  if (!isSwap(c)) return leadOn(c, '/profile', said)
  c.header('HX-Replace-Url', '/profile')
  return screen(c, await accountOf(c), { said })
}

const onItsWay = (email: string) => `A letter is on its way to ${email}.`

const tooMany = (c: Context<App>, account: OwnAccount, form: Form, field: string, seconds: number) => {
  c.header('Retry-After', String(seconds))
  const text = `There were too many tries. Wait ${inMinutes(seconds)}, then try again`
  return screen(c, account, { form: refuse(form, { [field]: text }), status: 429 })
}

const zoneScreen = (c: Context<App>, zone: string, form?: Form) =>
  show(c, `${form ? 'Error: ' : ''}Time zone`, <ChooseTimeZone zone={zone} form={form} />, form ? 422 : 200)

export const accountProfile = new Hono<App>()
  .get('/profile', signedIn(), withoutQuery, async (c) => screen(c, await accountOf(c)))
  .post('/profile', signedIn(), confirmed(), async (c) => {
    const { db, key, now } = c.var
    const visitor = visitorOf(c)
    const form = await readForm(c, wanted)
    let counted = false
    for (let tries = 0; tries < 8; tries++) {
      const account = await ownAccountToChange(db, visitor.account.id, now)
      if (!account) throw new SignInFirst()
      const { input } = form
      if (!input) return screen(c, account, { form })
      if (input.username === undefined && input.email === undefined)
        return screen(c, account, { form: refuse(form, { '': 'Enter a username or an email address' }) })
      const username = input.username === undefined ? account.username : input.username
      const moved = input.email !== undefined && emailKey(input.email) !== account.email_key ? input.email : null
      if (input.version !== undefined && input.version !== account.version) {
        // A second press of the same button finds what the first one did.
        const already =
          username === account.username && (!moved || emailKey(moved) === emailKey(account.new_email ?? ''))
        if (already) return done(c, moved ? onItsWay(moved) : 'Saved.')
        return screen(c, account, { form: meanwhile(form), status: 409 })
      }
      const forced = {
        ...(account.username_locked && username !== account.username ? { username: locked } : {}),
        ...(account.email_locked && moved ? { email: locked } : {}),
      }
      if (Object.keys(forced).length > 0) return screen(c, account, { form: refuse(form, forced) })
      if (!moved && username === account.username) return done(c, 'Nothing was changed.')
      if (moved && !counted) {
        const tried = await countTry(db, limitKey(key, perEmailChange, account.id), perEmailChange, now)
        if (!tried.counted) return tooMany(c, account, form, 'email', tried.seconds)
        counted = true
      }
      const result = await changeOwn(db, causeOf(c), key, visitor, account, { username, email: moved })
      if ('taken' in result) return screen(c, account, { form: refuse(form, { username: taken }) })
      if ('wait' in result) return tooMany(c, account, form, 'username', result.wait)
      if ('done' in result) return done(c, moved ? onItsWay(moved) : 'Username changed.')
      await c.var.identify()
    }
    throw new TurnLost()
  })
  .post('/profile/cancel', signedIn(), async (c) => {
    const form = await readForm(c, canceled)
    if (!form.input) return screen(c, await accountOf(c), { form: refuse(form, { '': 'Use the button' }) })
    if (await cancelOwn(c.var.db, causeOf(c), visitorOf(c), form.input.version))
      return done(c, 'Change of email canceled.')
    const account = await accountOf(c)
    const text = account.new_email
      ? 'This was changed meanwhile. Look at it again'
      : 'There is no change of email to cancel: it was confirmed, or canceled already'
    return screen(c, account, { form: refuse(form, { '': text }), status: 409 })
  })
  .get('/profile/time-zone', signedIn(), withoutQuery, (c) => zoneScreen(c, visitorOf(c).account.timeZone))
  .post('/profile/time-zone', signedIn(), async (c) => {
    const form = await readForm(c, zoned)
    if (!form.input) return zoneScreen(c, visitorOf(c).account.timeZone, form)
    await setTimeZone(c.var.db, causeOf(c), visitorOf(c), form.input.time_zone)
    return done(c, `Times are told as they are in ${form.input.time_zone}.`)
  })
