import { inflateRawSync } from 'node:zlib'

/** The files of a ZIP archive by name, read from its directory; throws when a record isn't where it should be. */
export function unzip(archive: Buffer): Map<string, Buffer> {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06'))
  const files = new Map<string, Buffer>()
  let at = archive.readUInt32LE(end + 16)
  for (let n = archive.readUInt16LE(end + 10); n > 0; n--) {
    if (archive.readUInt32LE(at) !== 0x02014b50) throw new Error('no directory entry')
    const packed = archive.readUInt32LE(at + 20)
    const size = archive.readUInt32LE(at + 24)
    const names = archive.readUInt16LE(at + 28)
    const name = archive.subarray(at + 46, at + 46 + names).toString()
    const offset = archive.readUInt32LE(at + 42)
    const begin = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28)
    const content = inflateRawSync(archive.subarray(begin, begin + packed))
    if (content.length !== size) throw new Error(`${name} has another size`)
    files.set(name, content)
    at += 46 + names + archive.readUInt16LE(at + 30)
  }
  return files
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Text as a spreadsheet reads it: XML's references first, then its own `_xHHHH_`. */
const textOf = (xml: string) =>
  xml
    .replace(/\r\n?/g, '\n')
    .replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) => (code ? String.fromCodePoint(Number(code)) : entities[name]!))
    .replace(/_x([\dA-Fa-f]{4})_/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))

export type SheetCell = { text: string | null; number: number | null; style: number }

/** The rows of one sheet; every character of it must belong to a cell. */
export function sheetRows(file: Buffer | undefined): SheetCell[][] {
  const xml = file?.toString('utf8') ?? ''
  const data = /<sheetData>(.*)<\/sheetData>/s.exec(xml)?.[1] ?? ''
  if (/[\ufffe\uffff]|[^\P{Cc}\t\n\r\x7f-\x9f]/u.test(xml)) throw new Error('a character that XML forbids')
  const rows: SheetCell[][] = []
  if (data.replace(/<row>.*?<\/row>/gs, '').trim() !== '') throw new Error('something stands between rows')
  for (const [, row = ''] of data.matchAll(/<row>(.*?)<\/row>/gs)) {
    const cells: SheetCell[] = []
    const rest = row.replace(
      /<c\/>|<c(?: s="(\d)")? t="inlineStr"><is><t(?: xml:space="preserve")?>([^<]*)<\/t><\/is><\/c>|<c(?: s="(\d)")?><v>([\d.]+)<\/v><\/c>/g,
      (_, s1, text, s2, number) => {
        cells.push({
          text: text === undefined ? null : textOf(text),
          number: number === undefined ? null : Number(number),
          style: Number(s1 ?? s2 ?? 0),
        })
        return ''
      },
    )
    if (rest !== '') throw new Error(`not a cell: ${rest.slice(0, 80)}`)
    rows.push(cells)
  }
  return rows
}

/** RFC 4180 with CRLF and nothing else between records. */
export function csvRows(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex
    const found = pattern.exec(text)
    if (!found) throw new Error(`not CSV: ${JSON.stringify(text.slice(at, at + 80))}`)
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
