import { type Context, Hono } from 'hono'
import { UsageScreen } from '../../views/settings/usage.tsx'
import { actorOf, allow } from '../platform/access/allow.ts'
import { confirmed } from '../platform/access/confirmed.ts'
import type { App } from '../platform/web/app-context.ts'
import { type Format, sendTable } from '../platform/web/download.ts'
import { show } from '../platform/web/show.ts'
import { usage, usageExport } from './queries.ts'

const download = (c: Context<App>, format: Format): Promise<Response> =>
  sendTable(c, format, {
    ...usageExport(c.var.db, actorOf(c)),
    name: 'usage',
    sheet: 'Usage',
    act: 'usage.downloaded',
    filters: {},
  })

export const settings = new Hono<App>()
  .get('/usage', allow('usage.view'), async (c) => {
    const actor = actorOf(c)
    return show(c, 'Usage', <UsageScreen actor={actor} usage={await usage(c.var.db, actor, c.var.now)} />)
  })
  .get('/usage.csv', allow('usage.view'), confirmed(), (c) => download(c, 'csv'))
  .get('/usage.xlsx', allow('usage.view'), confirmed(), (c) => download(c, 'xlsx'))
