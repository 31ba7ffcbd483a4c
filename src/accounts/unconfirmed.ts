import { type SqlBool, sql } from 'kysely'
import { asPart, partOf } from '../platform/database/part.ts'
import type { Whose } from './given.ts'

/**
 * Whoever gets another role or group shows anew that it is they, before the next act that asks for it. A part of the act's
 * statement, called `unconfirmed`, after the one called `changed`: of the memberships `whose`. The sessions are locked in one order,
 * for of two organizations each may change the same people. Those with a first password are left out: they do nothing before they
 * have changed it, `givenEnds` may be ending their sessions, and one statement can't do both to a row.
 */
export const unconfirm = (of: unknown, organizationId: string, whose: Whose) =>
  asPart(
    partOf(of)
      .updateTable('session')
      .set({ confirmed_at: null })
      .where((eb) => {
        const sessions = eb
          .selectFrom('membership as m')
          .innerJoin('account as a', 'a.id', 'm.account_id')
          .innerJoin('session as s', 's.account_id', 'a.id')
          .where('m.organization_id', '=', organizationId)
          .where((of) => whose(of as never))
          .where('a.must_change_password', '=', false)
          .where('s.confirmed_at', 'is not', null)
          .where(sql<SqlBool>`exists (select from changed)`)
          .select('s.id_hash')
          .orderBy('s.id_hash')
          .forNoKeyUpdate('s')
        return sql<SqlBool>`session.id_hash = any(array(${sessions}))`
      }),
  )
