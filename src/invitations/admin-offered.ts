import type { Context } from 'hono'
import { actorOf } from '../platform/access/allow.ts'
import type { Permission } from '../platform/access/permissions.ts'
import { readId } from '../platform/ids.ts'
import type { App } from '../platform/web/app-context.ts'
import { visibleTo } from './visible.ts'

/**
 * For confirmed(): the invitation that the address names offers Admin. One that the actor may do nothing about answers as if it
 * weren't there, so it isn't asked about.
 */
export const offersAdmin =
  (permission: Permission) =>
  async (_fields: URLSearchParams, c: Context<App>): Promise<boolean> => {
    const id = readId(c.req.param('id') ?? '')
    if (!id) return false
    const actor = actorOf(c)
    const found = await c.var.db
      .selectFrom('invitation as i')
      .where('i.organization_id', '=', actor.organization.id)
      .where('i.id', '=', id)
      .where('i.organization_role', '=', 'admin')
      .where(visibleTo(actor, permission))
      .select('i.id')
      .executeTakeFirst()
    return found !== undefined
  }
