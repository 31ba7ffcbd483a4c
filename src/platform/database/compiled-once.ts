import { type Compilable, type CompiledQuery, type Expression, expressionBuilder } from 'kysely'
import { type Db, prepared } from './connect.ts'

class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * A query that is built and compiled at its first use and prepared on each connection: building the hottest ones for every
 * request costs more than running them. `build` sees placeholders instead of values, so it must not look at them. Its limits
 * are `atMost(50)`.
 */
export function compiledOnce<P extends Record<string, unknown>, R>(build: (db: Db, values: P) => Compilable<R>) {
  let query: CompiledQuery<R> | undefined
  return async (db: Db, values: P): Promise<R[]> => {
    if (!query) {
      const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as P
      query = prepared(eachOnce(build(db, placeholders).compile())) as CompiledQuery<R>
    }
    const parameters = query.parameters.map((one) => (one instanceof Placeholder ? values[one.name] : one))
    return (await db.executeQuery<R>({ ...query, parameters })).rows
  }
}

/** One parameter for each value, however often it stands in the text: to write and read them all takes longer than some plans. */
function eachOnce<R>(query: CompiledQuery<R>): CompiledQuery<R> {
  const kept: unknown[] = []
  const places = query.parameters.map((one) => {
    const known = one instanceof Placeholder ? kept.findIndex((other) => isSame(one, other)) : -1
    return known < 0 ? kept.push(one) : known + 1
  })
  const text = query.sql.replace(/\$(\d+)/g, (_, place) => `$${places[Number(place) - 1]}`)
  return { ...query, sql: text, parameters: kept }
}
const isSame = (one: Placeholder, other: unknown) => other instanceof Placeholder && other.name === one.name

/**
 * A limit that is part of the text. One that is a parameter PostgreSQL takes for a tenth of the table; it likes no plan for that,
 * and so plans a prepared statement anew each time, which takes as long as its rows. Kysely refuses whatever isn't a number.
 */
export const atMost = (count: number): Expression<number> => expressionBuilder().lit(count)
