import { z } from 'zod'
import { accessFields, accessIn } from '../../members/access/form.ts'
import { placeFields } from '../../members/edit/form.ts'
import { lines } from '../../platform/web/form.ts'
import { validDays } from '../valid-days.ts'
import type { Asked } from './rules.ts'

/** What every invitation has beside the person and what they get. The message stands in the letter, never in its subject. */
export const termsFields = { days: validDays, message: lines(500, { label: 'The message' }) }

/** A second look at an address that looks like another one. */
export const anyway = z.literal('on', 'Tick it or leave it').optional()

/** What they get: whoever invites into their own group alone has no such fields. */
export const offerFields = { ...accessFields, ...placeFields }
const offer = z.object(offerFields)

export const offerIn = (input: z.output<typeof offer>): Asked => ({
  ...accessIn(input),
  region_id: input.region ?? null,
  area_id: input.area ?? null,
})
