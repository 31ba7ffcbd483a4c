import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { relative } from 'node:path'

const maps = new Map<string, SourceMap | null>()

function mapOf(file: string): SourceMap | null {
  const known = maps.get(file)
  if (known !== undefined) return known
  let map: SourceMap | null = null
  try {
    map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))
  } catch {
    // The line of the program that was built tells where it is too.
  }
  maps.set(file, map)
  return map
}

/**
 * A line of a stack with its place in the source. The maps are read at the first error and not at the start, as Node does by itself
 * where it is told to: they take 35 MB.
 */
export const inSource = (line: string, folder = import.meta.dirname): string =>
  line.replace(/(?:file:\/\/)?(\/[^():]+\.js):(\d+):(\d+)/, (place, file: string, row: string, column: string) => {
    if (!file.startsWith(`${folder}/`)) return place
    const found = mapOf(file)?.findEntry(Number(row) - 1, Number(column) - 1)
    if (!found || !('originalSource' in found)) return place
    return `${relative(process.cwd(), new URL(found.originalSource, `file://${file}`).pathname)}:${found.originalLine + 1}:${found.originalColumn + 1}`
  })
