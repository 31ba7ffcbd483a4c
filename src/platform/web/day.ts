import { z } from 'zod'

const isDay = (text: string) => {
  const at = new Date(`${text}T00:00:00Z`)
  return /^(19|2\d)\d\d-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

/** A day, or nothing for `none`. Browsers send YYYY-MM-DD; people of text browsers type it. */
export const dayOr = <T>(none: T) =>
  z
    .string('Leave it empty for none')
    .transform((text) => text.trim())
    .refine((text) => text === '' || isDay(text), 'Enter a date as year-month-day, like 2026-11-30')
    .transform((text) => text || none)
