import { z } from 'zod'

/** How long an invitation can be accepted: a whole number of days. */
export const validDays = z
  .string()
  .trim()
  .refine((text) => /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 60, {
    error: 'Enter a number of days from 1 to 60',
  })
  .transform(Number)
