import type { Context, MiddlewareHandler } from 'hono'
import { readId } from '../ids.ts'
import type { App } from '../web/app-context.ts'
import { NotAllowed, NotFound, SignInFirst } from '../web/failures.ts'
import { can } from './actor.ts'
import type { Permission } from './permissions.ts'

/** Who may use a route; read by the tests, by `rollcall routes` and by the start, which refuses a route without one. */
export type Rule =
  | { kind: 'anyone' }
  | { kind: 'signed_in' }
  | { kind: 'stage'; stage: 'password' | 'new_password' | 'enroll' }
  | { kind: 'support' }
  | { kind: 'member' }
  | { kind: 'permission'; permission: Permission; orSelf: boolean }

export type Guard = MiddlewareHandler<App> & { rule: Rule }

const guard = (rule: Rule, check: (c: Context<App>) => void): Guard =>
  Object.assign(
    (async (c, next) => {
      check(c)
      await next()
    }) satisfies MiddlewareHandler<App>,
    { rule },
  )

/** Public: strangers too. */
export const anyone = (): Guard => guard({ kind: 'anyone' }, (c) => c.set('atDoor', true))

/** Anybody fully signed in, whatever their memberships. Others are sent to sign in. */
export const signedIn = (): Guard =>
  guard({ kind: 'signed_in' }, (c) => {
    if (c.var.visitor?.session.stage !== 'full') throw new SignInFirst()
  })

/** Support staff of the installation. Nobody else who is signed in learns that there is such a page. */
export const support = (): Guard =>
  guard({ kind: 'support' }, (c) => {
    if (c.var.visitor?.session.stage !== 'full') throw new SignInFirst()
    if (!c.var.visitor.account.isSupport) throw new NotFound()
  })

/** Only a session in the middle of signing in, at this stage. */
export const atStage = (stage: 'password' | 'new_password' | 'enroll'): Guard =>
  guard({ kind: 'stage', stage }, (c) => {
    if (c.var.visitor?.session.stage !== stage) throw new SignInFirst()
  })

/** Any Active member of the address's organization. Nobody else learns that the organization exists. */
export const member = (): Guard =>
  guard({ kind: 'member' }, (c) => {
    actorOf(c)
  })

/**
 * Members who hold the permission, everywhere or in their group (the query narrows a scoped right). With `orSelf`, the
 * `:id` of the own membership is allowed too.
 */
export const allow = (permission: Permission, { orSelf = false } = {}): Guard =>
  guard({ kind: 'permission', permission, orSelf }, (c) => {
    const actor = actorOf(c)
    if (can(actor, permission)) return
    if (orSelf && readId(c.req.param('id') ?? '') === actor.membership.id) return
    throw new NotAllowed(permission)
  })

/** The current actor; throws what a page without one answers. */
export function actorOf(c: Context<App>) {
  const standing = c.get('standing')
  const actor = c.get('actor')
  if (c.get('visitor')?.session.stage !== 'full') throw new SignInFirst()
  if (standing) throw new NotAllowed(standing)
  if (!actor) throw new NotFound()
  return actor
}
