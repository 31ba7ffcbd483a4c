import { type Context, Hono } from 'hono'
import { Audit, AuditEvents } from '../../views/audit/audit.tsx'
import { actorOf, allow } from '../platform/access/allow.ts'
import type { App } from '../platform/web/app-context.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { readAuditList, writeAuditList } from './list-state.ts'
import { auditPage, namesIn } from './queries.ts'

async function screen(c: Context<App>): Promise<Response> {
  const { db } = c.var
  const actor = actorOf(c)
  const { list, noticed } = readAuditList(new URL(c.req.url))
  const page = await auditPage(db, actor, list)
  const names = await namesIn(db, actor, page, list.person)
  const base = `/o/${actor.organization.slug}/audit`
  const props = { actor, base, list, noticed, page, names }
  if (!isSwap(c)) return show(c, 'Audit log', <Audit {...props} />)
  const { after, before } = list
  c.header('HX-Push-Url', base + writeAuditList(list, { after, before }))
  return show(c, 'Audit log', <AuditEvents {...props} />)
}

export const audit = new Hono<App>().get('/', allow('audit.view'), screen)
