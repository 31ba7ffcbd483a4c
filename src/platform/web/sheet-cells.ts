import { type AliasedExpression, type Expression, type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import { style } from './xlsx.ts'

/**
 * A column of a table that people download, and how its value gets into a cell. `text` is what people or other systems have
 * written: no cell of it can become a formula (R-37). `word` is ours: labels. Moments are timestamptz, days are date, with
 * ±infinity for none; null is an empty cell, whatever the kind. `width` is in characters.
 */
export type Cell = {
  label: string
  kind: 'text' | 'word' | 'number' | 'day' | 'moment'
  width: number
  value: Expression<unknown>
}

/** The label of each value that an expression can have. */
export const labelsOf = (value: Expression<unknown>, words: [value: string, label: string][]) =>
  sql<string>`case ${value} ${sql.join(
    words.map(([name, label]) => sql`when ${name} then ${label}`),
    sql` `,
  )} else '' end`

/** Excel's longest cell, in UTF-16 units; with more, the file counts as damaged. */
const longest = 32_767

/** `= + - @`, TAB, LF, CR and the full-width four: what a spreadsheet takes for the beginning of a formula, or trims to one. */
const guarded = (value: Expression<unknown>) =>
  sql<string>`case when ascii(${value}) in (61, 43, 45, 64, 9, 10, 13, 65309, 65291, 65293, 65312) then '''' || ${value} else ${value} end`

/**
 * Where a spreadsheet splits whose language has the semicolon between cells, or that takes tabs: it knows no quotes then but at the
 * beginning of such a cell, so line breaks split too, and quotes before the formula don't hide it. (OWASP, "CSV Injection": the
 * beginning of a value isn't all, a separator in the middle may begin a cell.) `x;=1+1;y` without a mark is a formula in Excel in
 * German; quoting it, as RFC 4180 would allow, changes nothing there.
 */
const hiddenFormula = String.raw`([;\t\n\r])("*[=+@＝＋－＠-])`

/** In CSV every hidden cell gets its mark too, where `careful` says that there is one. In XML a cell is a cell. */
const guardedInside = (value: Expression<unknown>, careful: Expression<unknown>) =>
  sql<string>`case when ${careful} then regexp_replace(${guarded(value)}, ${hiddenFormula}, ${String.raw`\1'\2`}, 'g') else ${guarded(value)} end`

const finite = (value: Expression<unknown>) => sql`isfinite(${value})`

const column = (n: number) => `c${n}`

/** The values of the cells, for a subquery that `csvLines` or `xlsxRow` reads. Fence it, else they are computed several times. */
export const cellValues = (cells: readonly Cell[]): AliasedExpression<unknown, string>[] =>
  cells.map(({ value }, n) => sql`${value}`.as(column(n)))

const of = (cells: readonly Cell[], alias: string) =>
  cells.map(({ kind, label }, n) => ({ kind, label, value: sql.ref<string>(`${alias}.${column(n)}`) }))

/**
 * The lines of a COPY in CSV from a fenced subquery of `cellValues` with the alias x: days and moments in ISO 8601, moments in UTC.
 * Whether any text of a row hides a formula is asked once for all of them, since hardly any does.
 */
export function csvLines(db: Db, rows: AliasedExpression<unknown, 'x'>, cells: readonly Cell[]) {
  const texts = of(cells, 'x').flatMap(({ kind, value }) => (kind === 'text' ? [value] : []))
  const careful = texts.length > 0 ? sql`concat_ws('|', ${sql.join(texts)}) ~ ${hiddenFormula}` : sql`false`
  const checked = db
    .selectFrom(rows as AliasedExpression<Record<string, unknown>, 'x'>)
    .selectAll('x')
    .select(careful.as('careful'))
    .offset(sql<number>`0`)
    .as('y')
  return db
    .selectFrom(checked)
    .select(of(cells, 'y').map(({ kind, label, value }) => csvValue(kind, value, sql`y.careful`).as(label)))
}

function csvValue(kind: Cell['kind'], value: Expression<unknown>, careful: Expression<unknown>): RawBuilder<unknown> {
  switch (kind) {
    case 'text':
      return guardedInside(value, careful)
    case 'day':
      return sql`case when ${finite(value)} then to_char(${value}, 'YYYY-MM-DD') end`
    case 'moment':
      return sql`case when ${finite(value)} then to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end`
    default:
      return sql`${value}`
  }
}

/** The heading of a CSV file (RFC 4180). */
export const csvHeading = (cells: readonly Cell[]): string =>
  `${cells.map(({ label }) => (/[",\r\n]/.test(label) ? `"${label.replaceAll('"', '""')}"` : label)).join(',')}\r\n`

type Column = { kind: Cell['kind']; value: Expression<string> }
const isText = ({ kind }: Column) => kind === 'text' || kind === 'word'

const opening = '<c t="inlineStr"><is><t>'
const closing = '</t></is></c>'
const empty = '<c/>'

/**
 * One `<row>` from a subquery with this alias. Made in the database, in whose process there is room for it: in ours everybody
 * would wait. A row in which a text needs more than its markup escaped (control characters, spaces at an end, length) is made
 * cell by cell; in all others the texts that stand side by side are joined first, so that each step is done once for all of them.
 */
export function xlsxRow(cells: readonly Cell[], alias: string): RawBuilder<string> {
  const columns = of(cells, alias)
  const slow = columns.map((one) => (isText(one) ? carefulText(one) : typed(one)))
  const quick: RawBuilder<unknown>[] = []
  for (let n = 0; n < columns.length; ) {
    const end = columns.findIndex((one, at) => at >= n && !isText(one))
    const run = columns.slice(n, end < 0 ? undefined : end)
    if (run.length > 0) quick.push(textRun(run))
    n += run.length
    const next = columns[n++]
    if (next) quick.push(typed(next))
  }
  const row = (parts: RawBuilder<unknown>[]) => sql<string>`concat('<row>', ${sql.join(parts)}, '</row>')`
  const texts = columns.filter(isText).map(({ value }) => value)
  if (texts.length === 0) return row(quick)
  return sql`case when ${needsCare(sql`concat_ws('|', ${sql.join(texts)})`)} then ${row(slow)} else ${row(quick)} end`
}

const care = String.raw`[\u0001-\u001f\\\ufffe\uffff]|_x|\| | \||^ | $`
const needsCare = (text: Expression<unknown>) => sql`(${text} ~ ${care} or octet_length(${text}) >= ${longest})`

const replaced = (text: Expression<unknown>, replacements: [from: string, to: string][]) =>
  replacements.reduce((done, [from, to]) => sql`replace(${done}, ${from}, ${to})`, sql`${text}`)

const markup: [string, string][] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]
/** Nothing that COPY would write with a backslash is left. */
const controls: [string, string][] = [
  ['\\', '&#92;'],
  ['\t', '&#9;'],
  ['\n', '&#10;'],
  ['\r', '_x000D_'],
]

const contentOf = ({ kind, value }: Column) => (kind === 'text' ? guarded(value) : value)

/** Cells side by side whose texts hold no control character, so that one can stand between them. */
function textRun(columns: Column[]): RawBuilder<unknown> {
  const texts = columns.map((one) => sql`coalesce(${contentOf(one)}, '')`)
  const joined = sql`concat_ws('\u0001', ${sql.join(texts)})`
  const cells = replaced(joined, [...markup, ['\u0001', closing + opening]])
  return replaced(sql`concat(${opening}::text, ${cells}, ${closing}::text)`, [[opening + closing, empty]])
}

/**
 * Cut to what Excel takes, without the characters that XML 1.0 forbids, and with what reads like Excel's own escapes escaped.
 * Characters beyond the first plane are two units.
 */
function carefulText(column: Column): RawBuilder<unknown> {
  const text = contentOf(column)
  const cut = sql`case when octet_length(${column.value}) < ${longest} then ${text}
    else left(${text}, ${longest} - regexp_count(left(${text}, ${longest}), '[^\\u0001-\\uffff]')) end`
  const legal = sql`regexp_replace(${cut}, '[\\u0001-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff]', '', 'g')`
  const plain = sql`regexp_replace(${legal}, '_(?=x[0-9A-Fa-f]{4}_)', '_x005F_', 'g')`
  const cell = sql`'<c t="inlineStr"><is><t xml:space="preserve">' || ${replaced(plain, [...markup, ...controls])} || ${closing}`
  return sql`case when ${needsCare(column.value)} then ${cell} else ${textRun([column])} end`
}

/** Numbers, days and moments. */
function typed({ kind, value }: Column): RawBuilder<unknown> {
  const styled = (number: number, serial: RawBuilder<unknown>) =>
    sql`concat(${`<c s="${number}"><v>`}::text, ${serial}, '</v></c>')`
  const written = (format: string) => sql`concat(${opening}::text, to_char(${value}, ${format}), ${closing}::text)`
  switch (kind) {
    // A spreadsheet has no days before 1900-03-01 (its 1900 was a leap year) nor after 9999.
    case 'day':
      return sql`case when ${value} between '1900-03-01' and '9999-12-31' then ${styled(style.day, sql`${value} - date '1899-12-30'`)}
        when ${finite(value)} then ${written('YYYY-MM-DD')} else ${empty} end`
    case 'moment':
      return sql`case when ${value} between '1900-03-01 00:00Z' and '9999-12-31 23:59Z'
        then ${styled(style.moment, sql`floor(date_part('epoch', ${value})) / 86400 + 25569`)}
        when ${finite(value)} then ${written('YYYY-MM-DD"T"HH24:MI:SS"Z"')} else ${empty} end`
    default:
      return sql`coalesce('<c><v>' || ${value} || '</v></c>', ${empty})`
  }
}
