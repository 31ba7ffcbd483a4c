import type { Child } from 'hono/jsx'
import type { Actor, Standing, Visitor } from '../access/actor.ts'
import type { Carried, Proof } from '../access/confirmed.ts'
import type { Config } from '../config.ts'
import type { Db, Pool } from '../database/connect.ts'
import type { Log } from '../log.ts'

/** What the program is made of; a test gives its own clock and database. */
export type Services = {
  config: Config
  db: Db
  /** For COPY alone; everything else goes through `db`. */
  pool: Pool
  key: Buffer
  clock: () => Date
  log: Log
  /** Whether there is a mail server: without one letters wait in the outbox, and screens say that nothing was sent. */
  mailing: boolean
  /** True while the process shuts down: /readyz says so, and connections close. */
  stopping: () => boolean
}

export type Page = { title: string; body: Child; status?: number }

export type App = {
  Bindings: { incoming?: { socket: { remoteAddress?: string } }; outgoing?: { destroy(): void } }
  Variables: Services & {
    now: Date
    requestId: string
    /** The client's address, believed only as far as R-06 says. */
    ip: string
    visitor: Visitor | null
    /** Present only with an Active membership: under /o/:slug there; at / anywhere, in the first organization by name. */
    actor: Actor | null
    standing: Standing | null
    /** Reads again who is asking, for an act that lost its turn (access/turn.ts). */
    identify: () => Promise<unknown>
    /**
     * Lets whoever is signed in show that it is they (access/confirmed.ts): the page that asks for it, or the Set-Cookie of the session,
     * which goes on under a new id. Given by app.tsx.
     */
    confirm: (proof: Proof | null, carried: Carried) => Promise<Response | { cookie: string }>
    /** The same organization, where the visitor has a place in it that is closed for now. */
    closed: { id: string; name: string; slug: string; since: string } | null
    /** A page for strangers too: it stands on the plain sheet of the door, whoever opens it. */
    atDoor?: boolean
    /** What stands above a screen in its frame, or null; given by app.tsx. */
    above: () => Child
    /** Draws a whole page around a body; given by app.tsx, so that the platform imports no view. */
    draw: (page: Page) => Child
  }
}
