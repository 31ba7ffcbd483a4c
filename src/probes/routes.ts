import { Hono } from 'hono'
import { sql } from 'kysely'
import { anyone } from '../platform/access/allow.ts'
import type { App } from '../platform/web/app-context.ts'
import { NotFound } from '../platform/web/failures.ts'

const startedAt = Date.now()

/** For the machines around it: is the process alive, may it get requests, and how much does it use? */
export const probes = new Hono<App>()
  .get('/healthz', anyone(), (c) => c.text('ok\n'))
  .get('/readyz', anyone(), async (c) => {
    if (c.var.stopping()) return c.text('stopping\n', 503)
    await sql`select 1`.execute(c.var.db)
    return c.text('ready\n')
  })
  // Figures of the process in Prometheus' text format: only for a collector on this machine, not for what a proxy lets in.
  .get('/metrics', anyone(), (c) => {
    const local = ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(c.env?.incoming?.socket.remoteAddress ?? '')
    const proxied =
      c.req.header('x-forwarded-for') ?? c.req.header('forwarded') ?? c.req.header('x-real-ip') ?? c.req.header('via')
    if (!local || proxied !== undefined) throw new NotFound()
    const { rss, heapUsed } = process.memoryUsage()
    const figures: [string, string, number][] = [
      ['process_resident_memory_bytes', 'gauge', rss],
      ['nodejs_heap_size_used_bytes', 'gauge', heapUsed],
      ['process_cpu_seconds_total', 'counter', process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6],
      ['process_uptime_seconds', 'gauge', (Date.now() - startedAt) / 1000],
    ]
    return c.text(figures.map(([name, type, value]) => `# TYPE ${name} ${type}\n${name} ${value}\n`).join(''))
  })
