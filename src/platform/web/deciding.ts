import type { Context } from 'hono'
import type { Actor } from '../access/actor.ts'
import { actorOf } from '../access/allow.ts'
import { takingTurns } from '../access/turn.ts'
import type { App } from './app-context.ts'

/**
 * Decides an act with the actor as they are now, and decides it again when it lost its turn (access/turn.ts): who lost a right
 * meanwhile is refused as on any other request.
 */
export const deciding = <T>(c: Context<App>, work: (actor: Actor) => Promise<T>): Promise<T> =>
  takingTurns(
    actorOf(c),
    async () => {
      await c.var.identify()
      return actorOf(c)
    },
    work,
  )
