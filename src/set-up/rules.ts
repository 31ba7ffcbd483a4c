import { fold } from '../platform/fold.ts'

/** Words that would read like something else in /o/…, or that a later page may want. */
const reserved = new Set(['new', 'me', 'all', 'api', 'admin', 'support', 'rollcall', 'settings', 'sign-in', 'sign-out'])

/** The short name that an organization's addresses begin with, from its name; `organization` where no letter of ours is left. */
export function slugOf(name: string): string {
  const words = fold(name)
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '')
  if (words === '') return 'organization'
  return reserved.has(words) ? `${words}-organization` : words
}

/** The same with a number, for the second and later ones of that name. */
export const numbered = (slug: string, number: number): string => (number === 1 ? slug : `${slug}-${number}`)
