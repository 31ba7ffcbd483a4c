import { sql } from 'kysely'
import type { Grants } from './permissions.ts'

/**
 * Everything that gives somebody a permission, as [permission, kind, name] triples: their group's, their custom roles' and the
 * direct ones. The three references are columns of the membership that the query around this is about; the evaluator is
 * rightsOf(), for the guards and for every screen that explains access. A function (migration 2026-11-29-09), because nine tables of a
 * statement are made ready at each use of it, whether or not there is anybody whose rights it asks for.
 */
export const grantsOf = (organization: string, membership: string, group: string) =>
  sql<Grants['grants']>`grants_of(${sql.ref(organization)}, ${sql.ref(membership)}, ${sql.ref(group)})`
