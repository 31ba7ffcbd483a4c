import { type Context, Hono } from 'hono'
import { inviteOf } from '../../views/members/words.ts'
import { can } from '../platform/access/actor.ts'
import { actorOf, allow } from '../platform/access/allow.ts'
import { confirmed } from '../platform/access/confirmed.ts'
import type { App } from '../platform/web/app-context.ts'
import { type Format, sendTable } from '../platform/web/download.ts'
import { NotAllowed } from '../platform/web/failures.ts'
import { memberExport } from './export.ts'
import { type MemberList, readMemberList } from './list-state.ts'

/** The list of the address, all its pages. */
async function download(c: Context<App>, format: Format): Promise<Response> {
  const { db, now } = c.var
  const actor = actorOf(c)
  // The rows are those of the list, so that nobody gets more from the file than from the screen.
  if (!can(actor, 'members.view')) throw new NotAllowed('members.view')
  const { list } = readMemberList(new URL(c.req.url))
  const found = memberExport(db, actor, list, now, (stored) => inviteOf(stored, null, now).label)
  return sendTable(c, format, {
    ...found,
    name: 'members',
    sheet: 'Members',
    act: 'members.downloaded',
    filters: filtersOf(list),
  })
}

/** What the log keeps of the filters: the values of status, role, group, region and permission, of the others that they were used. */
function filtersOf(list: MemberList): Record<string, unknown> {
  const values = {
    status: list.status,
    role: [...list.role, ...list.customRole],
    group: list.group,
    region: list.region,
    permission: list.permission === null ? [] : [list.permission],
  }
  const used = Object.entries(values).filter(([, value]) => value.length > 0)
  const names = [
    ...(list.q ? ['q'] : []),
    ...used.map(([name]) => name),
    ...(list.area.length > 0 ? ['area'] : []),
    ...(list.twoFactor === null ? [] : ['two_factor']),
    ...(list.inactive === null ? [] : ['inactive']),
  ]
  return { filters: names, ...Object.fromEntries(used) }
}

export const memberDownloads = new Hono<App>()
  .get('/members.csv', allow('members.download'), confirmed(), (c) => download(c, 'csv'))
  .get('/members.xlsx', allow('members.download'), confirmed(), (c) => download(c, 'xlsx'))
