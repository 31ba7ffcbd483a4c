import { type Context, Hono } from 'hono'
import { Audit, AuditSwap } from '../../views/audit/audit.tsx'
import { actorOf, allow } from '../platform/access/allow.ts'
import { confirmed } from '../platform/access/confirmed.ts'
import type { App } from '../platform/web/app-context.ts'
import { type Format, sendTable } from '../platform/web/download.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { auditExport } from './export.ts'
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
  return show(c, 'Audit log', <AuditSwap {...props} />)
}

function download(c: Context<App>, format: Format): Promise<Response> {
  const { list } = readAuditList(new URL(c.req.url))
  const filters = [...new URLSearchParams(writeAuditList(list)).keys()]
  return sendTable(c, format, {
    ...auditExport(c.var.db, actorOf(c), list),
    name: 'audit',
    sheet: 'Audit log',
    act: 'audit.downloaded',
    filters: { filters: [...new Set(filters)] },
  })
}

export const audit = new Hono<App>()
  .get('/audit', allow('audit.view'), screen)
  .get('/audit.csv', allow('audit.view'), confirmed(), (c) => download(c, 'csv'))
  .get('/audit.xlsx', allow('audit.view'), confirmed(), (c) => download(c, 'xlsx'))
