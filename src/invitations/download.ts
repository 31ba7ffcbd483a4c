import { type Context, Hono } from 'hono'
import { can } from '../platform/access/actor.ts'
import { actorOf, allow } from '../platform/access/allow.ts'
import { confirmed } from '../platform/access/confirmed.ts'
import type { App } from '../platform/web/app-context.ts'
import { type Format, sendTable } from '../platform/web/download.ts'
import { NotAllowed } from '../platform/web/failures.ts'
import { invitationExport } from './export.ts'
import { type InvitationList, readInvitationList } from './list-state.ts'

/** The history of the address, all its pages. */
async function download(c: Context<App>, format: Format): Promise<Response> {
  const { db, now } = c.var
  const actor = actorOf(c)
  // The rows are those of the list, so that nobody gets more from the file than from the screen.
  if (!can(actor, 'invitations.view')) throw new NotAllowed('invitations.view')
  const { list } = readInvitationList(new URL(c.req.url))
  return sendTable(c, format, {
    ...invitationExport(db, actor, list, now),
    name: 'invitations',
    sheet: 'Invitations',
    act: 'invitations.downloaded',
    filters: filtersOf(list),
  })
}

/** What the log keeps of the filters: the values of status, role and approval, of the others that they were used. */
function filtersOf(list: InvitationList): Record<string, unknown> {
  const values = { status: list.status, role: [...list.role, ...list.customRole], approval: list.approval }
  const used = Object.entries(values).filter(([, value]) => value.length > 0)
  const names = [
    ...(list.q ? ['q'] : []),
    ...used.map(([name]) => name),
    ...((list.timeframe ?? list.from ?? list.to) ? ['timeframe'] : []),
    ...(list.attention ? ['attention'] : []),
  ]
  return { filters: names, ...Object.fromEntries(used) }
}

export const invitationDownloads = new Hono<App>()
  .get('/invitations.csv', allow('members.download'), confirmed(), (c) => download(c, 'csv'))
  .get('/invitations.xlsx', allow('members.download'), confirmed(), (c) => download(c, 'xlsx'))
