import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Hono } from 'hono'
import type { BrowserContext, Page } from 'playwright-core'
import type { Connected } from '../../../src/platform/database/connect.ts'
import type { App } from '../../../src/platform/web/app-context.ts'
import { createHttpServer } from '../../../src/platform/web/serve.ts'
import { setUpLink } from '../../../src/set-up/token.ts'
import type { Browser as Client } from '../../support/browser.ts'
import { organization, startApp } from '../../support/world.ts'
import { startChromium } from './chromium.ts'

export type Look = {
  width?: number
  height?: number
  scheme?: 'light' | 'dark'
  script?: boolean
  forced?: boolean
  reduced?: boolean
}

/** What a browser complains of: script errors, refused content, failed requests. */
export type Trouble = string

export type Place = Awaited<ReturnType<typeof openPlace>>

const clock = {
  get now() {
    return new Date()
  },
  pass: () => {},
}

/** A server as main.ts makes it, on a port of its own; `use` says what answers there, because that needs to know the port. */
async function listen(before: (address: URL) => Promise<void>) {
  let app: Hono<App> | undefined
  const fetch = async (request: Request, env: App['Bindings']) => {
    await before(new URL(request.url))
    return (app as Hono<App>).fetch(request, env)
  }
  const server = createHttpServer({ fetch } as unknown as Hono<App>, () => true)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    server,
    port,
    use: (made: Hono<App>) => {
      app = made
    },
  }
}

/** Rollcall before its first organization; gives the link of the first start. */
export async function openFirstStart(database: Connected) {
  const { server, port, use } = await listen(async () => {})
  const { app, services } = startApp(database, clock, { PORT: String(port) })
  use(app)
  return { link: setUpLink(services.config.publicUrl, services.key), close: () => end(server) }
}

const end = (server: Server) => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
}

/**
 * The program on a port of its own, as main.ts serves it, with the people of `organization()` and a Chromium to visit it. The clock is
 * the machine's, because the browser's cookies go by that one.
 */
export async function openPlace(database: Connected) {
  const gate = { held: null as Promise<void> | null, paths: [] as string[], release: () => {} }
  const { server, port, use } = await listen(async ({ pathname, search }) => {
    if (!gate.held || pathname.startsWith('/static/')) return
    gate.paths.push(pathname + search)
    await gate.held
  })
  const world = await organization({ database, clock, env: { PORT: String(port) } })
  use(world.app)
  const { db } = world.services
  const mend = () => {
    world.services.db = db
    gate.release()
  }
  const origin = `http://localhost:${port}`
  const chromium = await startChromium()
  const contexts = new Set<BrowserContext>()
  const troubles: Trouble[] = []

  /** A new browser, signed in as `who` if somebody is named; or where `look` doesn't matter another window of one that is open. */
  async function visit(who: Client | null, look: Look = {}, open?: BrowserContext): Promise<Page> {
    const context = open ?? (await startBrowser(who, look))
    const page = await context.newPage()
    watch(page, troubles)
    return page
  }

  async function startBrowser(who: Client | null, look: Look) {
    const { width = 1280, height = 800, scheme = 'light', script = true, forced = false, reduced = false } = look
    const context = await chromium.newContext({
      viewport: { width, height },
      baseURL: origin,
      colorScheme: scheme,
      javaScriptEnabled: script,
      forcedColors: forced ? 'active' : 'none',
      reducedMotion: reduced ? 'reduce' : 'no-preference',
      hasTouch: width < 640,
      acceptDownloads: true,
    })
    contexts.add(context)
    context.setDefaultTimeout(10_000)
    if (who) await context.addCookies([...who.cookies].map(([name, value]) => ({ name, value, url: origin })))
    return context
  }

  return {
    ...world,
    database,
    origin,
    chromium,
    server,
    visit,
    /** The members list of the organization. */
    list: `/o/${world.here.slug}/members`,
    /** What went wrong in any window since the last call. */
    troubles: () => troubles.splice(0),
    /** Holds every answer back until `release` is called, as a line does that has stalled. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate.held = promise
      gate.paths = []
      gate.release = () => {
        gate.held = null
        resolve()
      }
      return gate
    },
    /** From now on every request meets a bug. */
    breakDown() {
      world.services.db = null as never
    },
    mend,
    /** Closes every window, and lets everything work again. */
    async leave() {
      mend()
      await Promise.all([...contexts].map((context) => context.close()))
      contexts.clear()
    },
    async close() {
      await chromium.close()
      await end(server)
    },
  }
}

/** The same program and people without a browser: for one that isn't Chromium. */
export async function openWorld(database: Connected) {
  const { server, port, use } = await listen(async () => {})
  const world = await organization({ database, clock, env: { PORT: String(port) } })
  use(world.app)
  return {
    ...world,
    origin: `http://localhost:${port}`,
    async close() {
      await end(server)
    },
  }
}

/** Everything that a page says in the console, throws, or isn't allowed to load. */
function watch(page: Page, troubles: Trouble[]) {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => troubles.push(`thrown: ${error.message}`))
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? ''
    // A search that is typed on replaces the one before, and a download leaves its page.
    if (why !== 'net::ERR_ABORTED') troubles.push(`${why} ${request.url()}`)
  })
}

/** Where the browser is: the path and the query. */
export const where = (page: Page): string => {
  const { pathname, search } = new URL(page.url())
  return pathname + search
}
