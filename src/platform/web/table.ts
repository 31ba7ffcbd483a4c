import { readId, shortId } from '../ids.ts'

/** Where a page of a list begins: the sort values of a row beside it, its id, and how many rows came before (only to show). */
export type Position = { values: (string | boolean)[]; id: string; count: number }

const withoutStars = (text: string) => text.replaceAll('%', '%25').replaceAll('*', '%2A')

/**
 * A position as one word: count*id*value*value. It repeats what the page shows anyway, which costs next to nothing compressed;
 * changing it by hand only moves to another place of the same list.
 */
export const writePosition = ({ values, id, count }: Position): string =>
  [
    count,
    shortId(id),
    ...values.map((value) => (typeof value === 'boolean' ? `%${value}` : withoutStars(String(value)))),
  ].join('*')

/** What a value of a position is compared with; the database refuses anything else. */
export type KeyKind = 'text' | 'truth' | 'moment'

/** PostgreSQL reads no year with a sign, and no year 0. */
const isMoment = (text: string): boolean =>
  /^-?infinity$/.test(text) ||
  (/^(?!0000)\d{4}-/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text)

/** The position that a word of an address is, for a list with keys of these kinds; null for one that was tampered with. */
export function readPosition(text: string, kinds: readonly KeyKind[]): Position | null {
  const [count = '', id = '', ...words] = text.length > 2000 ? [] : text.split('*')
  const found = readId(id)
  if (!/^\d{1,9}$/.test(count) || !found || words.length !== kinds.length) return null
  const values: (string | boolean)[] = []
  for (const [n, word] of words.entries()) {
    // Control characters but the separator of sort keys, which a list never holds: PostgreSQL refuses the first of them.
    if (word.length > 400 || /\p{Cc}/u.test(word.replaceAll('\u0001', ''))) return null
    const value = word.replaceAll('%2A', '*').replaceAll('%25', '%')
    if (kinds[n] === 'truth') {
      if (word !== '%true' && word !== '%false') return null
      values.push(word === '%true')
    } else if (kinds[n] === 'moment' && !isMoment(value)) return null
    else values.push(value)
  }
  return { values, id: found, count: Number(count) }
}

/** A search as typed: control characters are spaces, and it is cut to 200 characters (contract.md). */
export const readSearch = (text: string | undefined): string =>
  [...(text ?? '').replace(/\p{Cc}+/gu, ' ').trim()].slice(0, 200).join('')
