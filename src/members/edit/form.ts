import { z } from 'zod'
import { readId } from '../../platform/ids.ts'
import { line } from '../../platform/web/form.ts'

/** As it was typed: people write numbers in many ways, and nothing dials them. */
const phone = (label: string, most = 40) =>
  line(most, { label }).refine((text) => /^[\p{Nd} +().\-/]*$/u.test(text), {
    error: `${label} can have digits, spaces and + () - . /`,
  })

/** Names and contact details. */
export const contactFields = {
  first_name: line(100, { label: 'First name' }),
  last_name: line(100, { label: 'Last name' }),
  title: line(100, { label: 'Title' }),
  cell_phone: phone('Cell phone'),
  office_phone: phone('Office phone'),
  extension: phone('Extension'),
}

/** None, or an id; what is no id at all is none of the choices either. */
const choice = z.string().transform((text) => (text === '' ? null : (readId(text) ?? text)))

/** Where somebody works. */
export const placeFields = { region: choice.optional(), area: choice.optional() }
