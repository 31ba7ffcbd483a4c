import { type RawBuilder, sql } from 'kysely'
import { fold } from '../fold.ts'
import { all, type Condition } from './steps.ts'

/**
 * What to look for in a text of `searchText`: every one must be found. One or two letters match the start of a word, more match
 * anywhere; a word without letter or figure finds nothing by itself and is left out, and so is what comes after the sixth.
 */
export const searchedFor = (q: string): string[] =>
  [...new Set(fold(q).split(' '))]
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .slice(0, 6)
    .map((word) => ([...word].length < 3 ? ` ${word}` : word))

/**
 * Whether a text holds all that is looked for. `by`: the index of trigrams, or each row that a walk has brought, which takes half the
 * time of a pattern there.
 */
export const holds = (text: RawBuilder<unknown>, wanted: string[], by: 'index' | 'row'): Condition =>
  all(
    wanted.map((one): Condition => {
      if (by === 'row') return sql`strpos(${text}, ${one}::text) > 0`
      return sql`${text} like ${`%${one.replace(/[\\%_]/g, '\\$&')}%`}`
    }),
  )
