import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { xlsx } from '../../src/platform/web/xlsx.ts'
import { zip } from '../../src/platform/web/zip.ts'
import { sheetRows, unzip } from '../members/sheet.ts'

const at = new Date('2026-11-22T12:34:56Z')
const sheet = { name: 'People & <co>', columns: [{ label: 'Name "x" & <y>', width: 12 }] }
const row = (text: string) => `<row><c t="inlineStr"><is><t>${text}</t></is></c></row>\n`
async function* inPieces(text: string, length: number) {
  for (let from = 0; from < text.length; from += length) yield Buffer.from(text.slice(from, from + length))
}
const rowsOf = (file: Buffer | undefined) => sheetRows(file).map(([cell]) => cell?.text)
const heading = 'Name "x" & <y>'

test('rows beyond what a sheet holds go on in another one, wherever the pieces are cut', async () => {
  const names = Array.from({ length: 25 }, (_, n) => `person ${n}`)
  for (const length of [1, 7, 64, 100_000]) {
    const files = unzip(await buffer(xlsx(sheet, inPieces(names.map(row).join(''), length), at, { rows: 11 })))
    expect([...files.keys()].filter((name) => name.includes('worksheets/'))).toEqual(
      [1, 2, 3].map((n) => `xl/worksheets/sheet${n}.xml`),
    )
    for (const n of [1, 2, 3])
      expect(rowsOf(files.get(`xl/worksheets/sheet${n}.xml`))).toEqual([heading, ...names.slice(10 * n - 10, 10 * n)])
    const workbook = String(files.get('xl/workbook.xml'))
    for (const name of ['People &amp; &lt;co&gt;', 'People &amp; &lt;co&gt; 2', 'People &amp; &lt;co&gt; 3'])
      expect(workbook).toContain(`name="${name}"`)
    expect(String(files.get('[Content_Types].xml'))).toContain('/xl/worksheets/sheet3.xml')
    expect(String(files.get('xl/_rels/workbook.xml.rels'))).toContain('Target="worksheets/sheet3.xml"')
  }
  const exactly = unzip(await buffer(xlsx(sheet, inPieces(names.slice(0, 20).map(row).join(''), 50), at, { rows: 11 })))
  expect(exactly.has('xl/worksheets/sheet2.xml')).toBe(true)
  expect(exactly.has('xl/worksheets/sheet3.xml')).toBe(false)
})

test('so do rows beyond what a file in an archive holds, each sheet with one at least', async () => {
  const names = Array.from({ length: 6 }, (_, n) => String(n).repeat(200))
  const whole = await buffer(xlsx(sheet, inPieces(names.map(row).join(''), 90), at, { bytes: 1400 }))
  const rows = [...unzip(whole)].filter(([name]) => name.includes('worksheets/')).map(([, file]) => rowsOf(file))
  expect(rows.length).toBeGreaterThan(1)
  expect(rows.flatMap((one) => one.slice(1))).toEqual(names)
  for (const one of rows) expect(one.length).toBeGreaterThan(1)
})

test('nobody to list is a sheet with its heading', async () => {
  const files = unzip(await buffer(xlsx(sheet, inPieces('', 1), at)))
  expect(rowsOf(files.get('xl/worksheets/sheet1.xml'))).toEqual([heading])
})

test('a reader who goes away ends the rows; rows that fail fail the file', async () => {
  let ended = 0
  async function* endless() {
    try {
      for (;;) {
        yield Buffer.from(row(Math.random().toString(36)).repeat(500))
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      ended++
    }
  }
  let pieces = 0
  for await (const _ of xlsx(sheet, endless(), at)) if (++pieces > 12) break
  await expect.poll(() => ended, { timeout: 10_000 }).toBe(1)
  async function* failing() {
    yield Buffer.from(row('a'))
    throw new Error('no more')
  }
  await expect(buffer(xlsx(sheet, failing(), at))).rejects.toThrow('no more')
})

test('an archive beyond 4 GB says where its entries are in the longer records, and only that one', async () => {
  const entries = [
    { name: 'a.txt', content: 'first' },
    { name: 'b.txt', content: [Buffer.from('sec'), Buffer.from('ond')] },
  ]
  const near = await buffer(zip(entries, at))
  expect(near.includes('PK\x06\x06')).toBe(false)
  expect(String(unzip(near).get('b.txt'))).toBe('second')
  const from = 5_000_000_000
  const far = await buffer(zip(entries, at, from))
  const end64 = far.indexOf('PK\x06\x06')
  const locator = far.indexOf('PK\x06\x07')
  const list = far.indexOf('PK\x01\x02')
  expect(Number(far.readBigUInt64LE(locator + 8)) - from).toBe(end64)
  expect(Number(far.readBigUInt64LE(end64 + 48)) - from).toBe(list)
  expect(Number(far.readBigUInt64LE(end64 + 40))).toBe(end64 - list)
  expect(far.readBigUInt64LE(end64 + 32)).toBe(2n)
  // The first entry's place, in the extra field behind its name.
  expect(far.readUInt32LE(list + 42)).toBe(0xffffffff)
  expect(Number(far.readBigUInt64LE(list + 46 + 5 + 4))).toBe(from)
})
