import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { BackupCode, LostDevice, SecondStep } from '../../views/sign-in/second-step.tsx'
import { SignIn } from '../../views/sign-in/sign-in.tsx'
import { anyone, atStage } from '../platform/access/allow.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { SignInFirst } from '../platform/web/failures.ts'
import { type Form, readForm, refuse } from '../platform/web/form.ts'
import { goal, keptNext } from '../platform/web/next.ts'
import { show } from '../platform/web/show.ts'
import { inMinutes } from '../platform/web/waiting.ts'
import { browserOf, entered } from '../sessions/browser.ts'
import { blankCookie } from '../sessions/lucia.ts'
import { takeSecondStep } from './second-step.ts'

const next = z.string().max(2000).optional()
const code = z.string().max(100, 'This is too long')
const codeForm = z.object({ code: code.min(1, 'Enter the code that your app shows'), next })
const backupForm = z.object({ code: code.min(1, 'Enter one of your backup codes'), next })

const ways = {
  code: {
    title: 'Enter your code',
    form: codeForm,
    view: SecondStep,
    // How far off a phone's clock is isn't told here: it would say of a guess that it is right at another time.
    wrong:
      'This code isn’t right, or it was used before. Enter the next one; if it goes on, set the time of your phone to automatic',
  },
  backup_code: {
    title: 'Use a backup code',
    form: backupForm,
    view: BackupCode,
    wrong: 'This isn’t one of your backup codes, or it was used before. Each works once',
  },
} as const
type Way = keyof typeof ways

function screen(c: Context<App>, way: Way, next: string | undefined, form?: Form, status = form ? 422 : 200) {
  const { title, view: View } = ways[way]
  return show(c, title, <View next={goal(c, next)} form={form} />, status)
}

async function take(c: Context<App>, way: Way): Promise<Response> {
  const { db, key, now, config, visitor } = c.var
  if (!visitor) throw new SignInFirst()
  const form = await readForm(c, ways[way].form)
  const { next } = form.values
  if (!form.input) return screen(c, way, next, form)
  const typed = { kind: way, typed: form.input.code }
  const result = await takeSecondStep(db, causeOf(c), { key, secure: config.secure }, visitor, typed, browserOf(c))
  if ('done' in result) return entered(c, result.done, next)
  if ('wait' in result) {
    c.header('Retry-After', String(result.wait))
    const text = `There were too many wrong codes. Wait ${inMinutes(result.wait)}, then try again.`
    return screen(c, way, next, refuse(form, { '': text }), 429)
  }
  if (!result.over) return screen(c, way, next, refuse(form, { code: ways[way].wrong }))
  c.header('Set-Cookie', blankCookie(db, now, config.secure))
  const ended = 'These were too many wrong codes, so this sign-in has ended. If it was you, begin again in 15 minutes.'
  return show(c, 'Sign in', <SignIn next={goal(c, next)} form={refuse(form, { '': ended })} />, 422)
}

export const secondStep = new Hono<App>()
  .get('/sign-in/two-factor', atStage('password'), withoutQuery, (c) => screen(c, 'code', keptNext(c)))
  .post('/sign-in/two-factor', atStage('password'), (c) => take(c, 'code'))
  .get('/sign-in/backup-code', atStage('password'), withoutQuery, (c) => screen(c, 'backup_code', keptNext(c)))
  .post('/sign-in/backup-code', atStage('password'), (c) => take(c, 'backup_code'))
  // The same to everybody: it says nothing of an account.
  .get('/sign-in/lost-device', anyone(), (c) => show(c, 'Lost your device?', <LostDevice />))
