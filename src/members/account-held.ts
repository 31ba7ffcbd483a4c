import { type SqlBool, sql } from 'kysely'
import { ifTurn } from '../platform/access/turn.ts'
import { partOf } from '../platform/database/part.ts'
import type { Person } from './person.ts'

/** The account of somebody whom the rules let the actor help: they have one. */
export const accountOf = (person: Person): string => person.account_id as string

/*
 * An act on an account is one statement too. It takes the organization, counters, then the account, in the order in which a sign-in, a
 * reset and a block take them. `held`: from here on nobody changes the account or gives it a place, which takes at least a share of
 * its row; what is asked after that, in a function that looks anew (migration 2026-11-23-04), still holds when the act is done.
 */
export const accountHeld = (of: unknown, person: Person) =>
  partOf(of).selectFrom('account').select('id').where('id', '=', accountOf(person)).where(ifTurn).forUpdate()

/** Nobody but this organization has the account, which is held, and it isn't the operator's. With a second place the block stands there too. */
export const onlyHere = sql<SqlBool>`exists (select from held) and places_of_account_now(account.id) = 1 and not account.is_support`
