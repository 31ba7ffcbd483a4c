/** What places are called today, where the list of the engine has an older name. */
const today: Record<string, string> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Godthab': 'America/Nuuk',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
}

const all = new Set(['UTC', ...Intl.supportedValuesOf('timeZone').map((zone) => today[zone] ?? zone)])
const regionOf = (zone: string): string => (zone.includes('/') ? (zone.split('/')[0] ?? '') : '')

/** Every time zone that somebody can choose, by the part of the world that its name begins with; UTC, which is nowhere, first. */
export const timeZones: ReadonlyMap<string, readonly string[]> = Map.groupBy(
  [...all].sort((one, other) => (regionOf(one) + one < regionOf(other) + other ? -1 : 1)),
  regionOf,
)

export const isTimeZone = (zone: string): boolean => all.has(zone)
