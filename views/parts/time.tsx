const formats = new Map<string, Intl.DateTimeFormat>()

/** "2026-11-22 13:40 GMT+01:00": the same in every language, and the tooltip repeats the machine's form of it. */
export function exactly(at: Date, zone: string): { local: string; offset: string } {
  let format = formats.get(zone)
  if (!format) {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
    format = new Intl.DateTimeFormat('sv-SE', { ...parts, timeZone: zone, timeZoneName: 'longOffset' })
    formats.set(zone, format)
  }
  const [, local = '', offset = ''] = /^(.{16}) GMT(.*)$/.exec(format.format(at).replace('\u2212', '-')) ?? []
  return { local, offset: offset === '+00:00' ? '' : offset }
}

/** How long ago, in the largest unit that fits: "Now", "3 min ago", "5 h ago", "12 d ago", or the month when over a year. */
export function ago(at: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000)
  if (minutes < 1) return 'Now'
  if (minutes < 60) return `${minutes} min ago`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`
  if (minutes < 365 * 24 * 60) return `${Math.floor(minutes / 1440)} d ago`
  return months.format(at)
}

const months = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', year: 'numeric', month: 'short' })

const days = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' })
/** A calendar day given as YYYY-MM-DD, like "Mar 3, 2024". It has no time zone. */
export const day = (date: string): string => days.format(new Date(`${date}T00:00:00Z`))

/** A moment, relative, with the exact one in the person's time zone beside it. */
export const Time = ({ at, now, zone }: { at: Date; now: Date; zone: string }) => {
  const { local, offset } = exactly(at, zone)
  return (
    <time datetime={local + (offset || 'Z')} title={`${local} ${offset || 'UTC'}`}>
      {ago(at, now)}
    </time>
  )
}

/** A moment spelled out, with the zone. */
export const ExactTime = ({ at, zone }: { at: Date; zone: string }) => {
  const { local, offset } = exactly(at, zone)
  return (
    <time
      datetime={local + (offset || 'Z')}
    >{`${day(local.slice(0, 10))}, ${local.slice(11)} ${offset || 'UTC'}`}</time>
  )
}

export const Day = ({ date }: { date: string }) => <time datetime={date}>{day(date)}</time>

/** The day of a moment in the person's time zone. */
export const DayOf = ({ at, zone }: { at: Date; zone: string }) => <Day date={exactly(at, zone).local.slice(0, 10)} />

const shortDays = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', month: 'short', day: 'numeric' })

/** A moment among others of the same zone, which stands above them: "Nov 18, 10:14", with the year where it isn't this one. */
export const shortly = (at: Date, now: Date, zone: string): string => {
  const { local } = exactly(at, zone)
  const date = local.slice(0, 10)
  const sameYear = date.slice(0, 4) === exactly(now, zone).local.slice(0, 4)
  return `${sameYear ? shortDays.format(new Date(`${date}T00:00:00Z`)) : day(date)}, ${local.slice(11)}`
}
