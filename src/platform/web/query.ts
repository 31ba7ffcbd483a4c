/** At most so many values of one filter. */
const most = 100

export const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)

/** Without script the counts of a filter's options are asked for by a link, and come with the page. */
export const asksCounts = (address: URL): boolean => address.searchParams.get('counts') === 'yes'

/** A list's query that asks for them. */
export const withCounts = (query: string): string => `${query ? `${query}&` : '?'}counts=yes`

/**
 * Reads the state of a list from its address. What is malformed is left out, and `noticed` says afterwards that something was
 * (contract.md).
 */
export function queryReader(address: URL) {
  let noticed = false
  const all = (name: string) => [...new Set(address.searchParams.getAll(name))].filter((value) => value !== '')
  return {
    those<T extends string>(name: string, good: (value: string) => value is T): T[] {
      const values = all(name)
      const kept = values.filter(good).slice(0, most)
      if (kept.length < values.length) noticed = true
      return kept
    },
    one<T>(name: string, read: (value: string) => T | null): T | null {
      const [value] = all(name)
      if (value === undefined) return null
      const found = read(value)
      if (found === null) noticed = true
      return found
    },
    noticed: () => noticed,
  }
}
