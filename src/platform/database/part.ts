import { type Compilable, type Expression, type ExpressionBuilder, type QueryCreator, sql } from 'kysely'
import type { DB } from './schema.ts'

/*
 * Many functions make a part of somebody else's statement. What Kysely hands them there, and wants back, has the types of all tables and
 * of the parts before; to compare that with all tables takes TypeScript up to 14 s, for each such statement anew. So it isn't asked.
 */

export const partOf = (of: unknown) => of as QueryCreator<DB>

/** A part that changes something, as what the rest of the statement sees of it: its rows. */
export const asPart = <Row>(part: Compilable<Row>) => part as unknown as Expression<Row>

/** The columns of the account that is updated. */
export const accountRow = (eb: unknown) => eb as ExpressionBuilder<DB, 'account'>

/** In the place of a part that has nothing to do. */
export const nothing = (of: unknown) => asPart(partOf(of).selectNoFrom(sql<null>`null`.as('nothing')))
