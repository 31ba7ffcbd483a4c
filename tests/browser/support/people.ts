import { addPerson } from '../../support/world.ts'
import type { Place } from './place.ts'

/** `count` more people of the organization, Abe Aldous 001 and on; their names sort in that order. */
export async function crowd(place: Place, count: number) {
  for (let n = 1; n <= count; n++) {
    const number = String(n).padStart(3, '0')
    await addPerson(place.db, place.here, new Date(), {
      first: `Abe${number}`,
      last: `Aldous ${number}`,
      email: `abe${number}@harbor.example`,
      role: n % 10 === 0 ? 'viewer' : 'member',
      suspended: n % 7 === 0,
      lastActive: new Date(Date.now() - n * 3_600_000),
    })
  }
}

/** Names that break tables: long, of one word, of scripts that run the other way, and with markup in them. */
export const oddNames = [
  ['Wolfeschlegelsteinhausenbergerdorff', 'Hubert Blaine Wolfeschlegelsteinhausenbergerdorff Sr.'],
  ['a'.repeat(100), 'b'.repeat(100)],
  ['محمد', 'عبد الرحمن'],
  ['רחל', 'כהן-לוי'],
  ['Suharto', ''],
  ['', 'Teller'],
  ['<img src=x onerror="document.title=1">', '" data-hx-get="/sign-in" data-hx-trigger="load'],
] as const
