/**
 * How values travel between JavaScript and PostgreSQL, both ways as text.
 *
 * What a caller passes: a string for text, uuid, date, numeric and enum columns; a number or a string for int and bigint; a
 * Date (or an ISO string) for timestamptz and date; an array for text[], uuid[] and so on; and for json and jsonb the VALUE
 * itself (object, array, string, number), never JSON.stringify of it: a text would be stored as a JSON string. A lone
 * boolean or Date is announced to the server as boolean or timestamptz, so in jsonb they stand inside an object.
 *
 * What comes back: timestamptz a Date (infinity and -infinity are null), date 'YYYY-MM-DD', bigint and numeric strings,
 * int and float numbers, json parsed, bytea a Buffer, arrays of all these.
 */
import type postgres from 'postgres'

const moment = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:\+00)?( BC)?$/

/** PostgreSQL's text for a timestamp, in UTC, as a Date in milliseconds; null for infinity and what a Date can't hold. */
function readMoment(text: string): Date | null {
  const found = moment.exec(text)
  if (!found) return null
  const [, year, month, day, hour, minute, second, fraction, bc] = found
  const date = new Date(0)
  date.setUTCFullYear(bc ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(
    Number(hour),
    Number(minute),
    Number(second),
    fraction ? Number(fraction.padEnd(3, '0').slice(0, 3)) : 0,
  )
  return Number.isNaN(date.getTime()) ? null : date
}

const writeMoment = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value))

type Read = (text: string) => unknown
type Write = (value: unknown) => string

function writeArray(values: unknown, write: Write): string {
  if (!Array.isArray(values)) return String(values)
  const items = values.map((value) => {
    if (Array.isArray(value)) return writeArray(value, write)
    if (value === null || value === undefined) return 'NULL'
    return `"${write(value).replace(/[\\"]/g, '\\$&')}"`
  })
  return `{${items.join(',')}}`
}

/** Reads `{a,"b c",NULL,{...}}`; a lower bound in front (`[0:1]={...}`) is ignored. */
function readArray(text: string, read: Read): unknown[] {
  let at = text.indexOf('{')
  const level = (): unknown[] => {
    const items: unknown[] = []
    at++
    while (text[at] !== '}') {
      if (text[at] === '{') items.push(level())
      else if (text[at] === '"') {
        let item = ''
        for (at++; text[at] !== '"'; at++) item += text[at] === '\\' ? text[++at] : text[at]
        at++
        items.push(read(item))
      } else {
        const start = at
        while (text[at] !== ',' && text[at] !== '}') at++
        const item = text.slice(start, at)
        items.push(item === 'NULL' ? null : read(item))
      }
      if (text[at] === ',') at++
    }
    at++
    return items
  }
  return level()
}

const same: Read = (text) => text
const plain: Write = (value) => String(value)
const truth: Write = (value) => (value === true ? 't' : value === false ? 'f' : String(value))
const bytes: Write = (value) =>
  value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)

/** Element type, array type, read, write: numbers of pg_type that never change. */
const kinds: [element: number, array: number, read: Read, write: Write][] = [
  [16, 1000, (text) => text === 't', truth],
  [17, 1001, (text) => Buffer.from(text.slice(2), 'hex'), bytes],
  [19, 1003, same, plain],
  [20, 1016, same, plain],
  [21, 1005, Number, plain],
  [23, 1007, Number, plain],
  [25, 1009, same, plain],
  [26, 1028, Number, plain],
  [114, 199, (text) => JSON.parse(text), (value) => JSON.stringify(value)],
  [700, 1021, Number, plain],
  [701, 1022, Number, plain],
  [1042, 1014, same, plain],
  [1043, 1015, same, plain],
  [1082, 1182, same, writeMoment],
  [1114, 1115, readMoment, writeMoment],
  [1184, 1185, readMoment, writeMoment],
  [1700, 1231, same, plain],
  [2950, 2951, same, plain],
  [3802, 3807, (text) => JSON.parse(text), (value) => JSON.stringify(value)],
]

/** The types option of postgres.js. With it no connection needs to ask the server for its types first. */
export const types: Record<string, postgres.PostgresType> = Object.fromEntries(
  kinds.flatMap(([element, array, read, write]) => [
    [`t${element}`, { to: element, from: [element], parse: read, serialize: write }],
    [
      `t${array}`,
      {
        to: array,
        from: [array],
        parse: (text: string) => readArray(text, read),
        serialize: (value: unknown) => writeArray(value, write),
      },
    ],
  ]),
)
