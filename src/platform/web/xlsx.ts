import { mostInEntry, zip } from './zip.ts'

/** Widths are in characters. */
export type Sheet = { name: string; columns: { label: string; width: number }[] }
/** Style numbers of `styles` below, for whoever writes cells. */
export const style = { heading: 1, day: 2, moment: 3 } as const

type Limits = {
  /** Rows a sheet can hold, its heading counted: Excel's limit. */
  rows?: number
  /** Bytes of XML in a sheet. */
  bytes?: number
}

/**
 * A workbook (ECMA-376, transitional) as it is written, in the memory of a few pieces however many rows there are. `rows` are
 * lines of finished `<row>` elements (sheet-cells.ts makes them in SQL); when a sheet is full the rows go on in another one
 * with the same heading. `at` is the time that its files get.
 */
export function xlsx(sheet: Sheet, rows: AsyncIterable<Buffer>, at: Date, limits: Limits = {}): AsyncGenerator<Buffer> {
  return zip(files(sheet, rows, limits), at)
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const packageOf = 'http://schemas.openxmlformats.org/package/2006'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

async function* files(sheet: Sheet, rows: AsyncIterable<Buffer>, limits: Limits) {
  // First, so that tools which look at the beginning of a file only know what it is.
  yield { name: '_rels/.rels', content: relations([['officeDocument', 'xl/workbook.xml']]) }
  yield { name: 'xl/styles.xml', content: styles }
  const source = new Rows(rows)
  let sheets = 0
  try {
    do {
      sheets++
      yield { name: `xl/worksheets/sheet${sheets}.xml`, content: worksheet(sheet, sheets, source, limits) }
    } while (await source.more())
  } finally {
    await source.end()
  }
  const names = Array.from({ length: sheets }, (_, n) => (n === 0 ? sheet.name : `${sheet.name} ${n + 1}`))
  yield { name: 'xl/workbook.xml', content: workbook(names) }
  const parts = names.map((_, n): [string, string] => ['worksheet', `worksheets/sheet${n + 1}.xml`])
  yield { name: 'xl/_rels/workbook.xml.rels', content: relations([...parts, ['styles', 'styles.xml']]) }
  yield { name: '[Content_Types].xml', content: contentTypes(sheets) }
}

const newline = 10

/** The pieces of the rows, of which a sheet takes as many as it holds. */
class Rows {
  readonly #source: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(rows: AsyncIterable<Buffer>) {
    this.#source = rows[Symbol.asyncIterator]()
  }

  /** Whether there is a line more. */
  async more(): Promise<boolean> {
    while (!this.#rest.includes(newline)) {
      const { value, done } = await this.#source.next()
      if (done) return false
      this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, value]) : value
    }
    return true
  }

  /** The next whole lines, at most `most` of them and no more than `bytes`, but one when `must`. */
  take(most: number, bytes: number, must: boolean): { piece: Buffer; lines: number } {
    const rest = this.#rest
    let lines = 0
    let end = 0
    for (let at = rest.indexOf(newline); at >= 0 && lines < most; at = rest.indexOf(newline, end)) {
      if (at >= bytes && !(must && lines === 0)) break
      lines++
      end = at + 1
    }
    this.#rest = rest.subarray(end)
    return { piece: rest.subarray(0, end), lines }
  }

  async end(): Promise<void> {
    await this.#source.return?.()
  }
}

async function* worksheet(
  sheet: Sheet,
  number: number,
  source: Rows,
  { rows = 1_048_576, bytes = mostInEntry - 10_000_000 }: Limits,
): AsyncGenerator<Buffer> {
  const first = Buffer.from(head(sheet, number))
  yield first
  let left = rows - 1
  let room = bytes - first.length
  while (left > 0 && (await source.more())) {
    const { piece, lines } = source.take(left, room, left === rows - 1)
    if (lines === 0) break
    left -= lines
    room -= piece.length
    yield piece
  }
  yield Buffer.from('</sheetData></worksheet>')
}

function head({ columns }: Sheet, number: number): string {
  const selected = number === 1 ? ' tabSelected="1"' : ''
  const widths = columns.map(({ width }, n) => `<col min="${n + 1}" max="${n + 1}" width="${width}" customWidth="1"/>`)
  const labels = columns.map(
    ({ label }) => `<c s="${style.heading}" t="inlineStr"><is><t>${escaped(label)}</t></is></c>`,
  )
  return (
    `${declaration}<worksheet xmlns="${main}"><sheetViews><sheetView${selected} workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' +
    '<selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView></sheetViews>' +
    `<cols>${widths.join('')}</cols><sheetData><row>${labels.join('')}</row>\n`
  )
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

// A moment says its zone, for a cell can't know one.
const styles = `${declaration}<styleSheet xmlns="${main}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss&quot; UTC&quot;"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

const workbook = (names: string[]): string =>
  `${declaration}<workbook xmlns="${main}" xmlns:r="${office}"><bookViews><workbookView/></bookViews><sheets>${names
    .map((name, n) => `<sheet name="${escaped(name)}" sheetId="${n + 1}" r:id="rId${n + 1}"/>`)
    .join('')}</sheets></workbook>`

const relations = (parts: [type: string, target: string][]): string =>
  `${declaration}<Relationships xmlns="${packageOf}/relationships">${parts
    .map(([type, target], n) => `<Relationship Id="rId${n + 1}" Type="${office}/${type}" Target="${target}"/>`)
    .join('')}</Relationships>`

function contentTypes(sheets: number): string {
  const type = (name: string, of: string) =>
    `<Override PartName="/xl/${name}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${of}+xml"/>`
  const all = Array.from({ length: sheets }, (_, n) => type(`worksheets/sheet${n + 1}`, 'worksheet'))
  return (
    `${declaration}<Types xmlns="${packageOf}/content-types">` +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    `<Default Extension="xml" ContentType="application/xml"/>${type('workbook', 'sheet.main')}${type('styles', 'styles')}${all.join('')}</Types>`
  )
}
