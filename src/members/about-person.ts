import type { Compilable } from 'kysely'
import { type Actor, reach } from '../platform/access/actor.ts'
import { compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'

type Keys = { id: string; organization: string; self: string; group: string }

/**
 * A statement about one person, compiled once for each way to see people (visible.ts). `build` gets an actor of whom it may look at
 * their reach of members.view alone, and at whether the id is their own; the ids themselves are values of the statement, as `more` is.
 */
export function aboutPerson<R, P extends Record<string, unknown>>(
  build: (db: Db, actor: Actor, id: string, more: P) => Compilable<R>,
) {
  const compiled = new Map<string, (db: Db, values: P & Keys) => Promise<R[]>>()
  return async (db: Db, actor: Actor, id: string, more: P): Promise<R | undefined> => {
    const { organization, membership } = actor
    const mine = id === membership.id
    const shape = `${reach(actor, 'members.view')} ${mine}`
    let query = compiled.get(shape)
    if (!query) {
      query = compiledOnce((of: Db, values: P & Keys) => {
        const { id } = values
        const self = { ...membership, id: mine ? id : values.self, groupId: values.group }
        return build(
          of,
          { ...actor, organization: { ...organization, id: values.organization }, membership: self },
          id,
          values,
        )
      })
      compiled.set(shape, query)
    }
    const [row] = await query(db, {
      ...more,
      id,
      organization: organization.id,
      self: membership.id,
      group: membership.groupId,
    })
    return row
  }
}
