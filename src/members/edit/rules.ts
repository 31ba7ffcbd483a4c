import type { Person } from '../person.ts'

type Place = { id: string; name: string }
/** Every region of the organization, each with its areas. */
export type Regions = (Place & { areas: Place[] })[]

/** Names and contact details, in the order of forms. */
export const contactNames = ['first_name', 'last_name', 'title', 'cell_phone', 'office_phone', 'extension'] as const
export type ContactName = (typeof contactNames)[number]

/** What an edit may change; region and area only from those who may place people. */
export type Profile = Record<ContactName, string> & { region_id: string | null; area_id: string | null }

export const profileLabels = {
  first_name: 'first name',
  last_name: 'last name',
  title: 'title',
  cell_phone: 'cell phone',
  office_phone: 'office phone',
  extension: 'extension',
  region: 'region',
  area: 'area',
} as const

export const profileOf = (person: Person): Profile => ({
  first_name: person.first_name,
  last_name: person.last_name,
  title: person.title,
  cell_phone: person.cell_phone,
  office_phone: person.office_phone,
  extension: person.extension,
  region_id: person.region_id,
  area_id: person.area_id,
})

/** Why somebody can't work there: sentences by field, or null. */
export function placeErrors(
  regions: Regions,
  region_id: string | null,
  area_id: string | null,
): Record<string, string> | null {
  const region = regions.find(({ id }) => id === region_id)
  if (region_id && !region) return { region: 'Choose one of these regions' }
  const home = regions.find(({ areas }) => areas.some(({ id }) => id === area_id))
  if (!area_id || (region && home === region)) return null
  const name = home?.areas.find(({ id }) => id === area_id)?.name
  if (!home) return { area: 'Choose one of these areas' }
  return {
    area: region
      ? `${name} is an area of ${home.name}. Choose an area of ${region.name}, or the region ${home.name}`
      : `${name} is an area of ${home.name}. Choose that region too`,
  }
}
