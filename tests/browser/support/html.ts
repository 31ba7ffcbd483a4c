import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../../src/platform/root.ts'

export const hasJava = (): boolean => spawnSync('java', ['-version']).status === 0

type Finding = { url: string; type: string; lastLine: number; message: string; extract?: string }

/** What the W3C's checker (vnu) finds in these pages, one line a finding. */
export function checkHtml(pages: Map<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-html-'))
  const names = [...pages.keys()]
  const files = names.map((name, n) => {
    const file = join(folder, `page-${n}.html`)
    writeFileSync(file, pages.get(name) ?? '')
    return file
  })
  const jar = join(root, 'node_modules', 'vnu-jar', 'build', 'dist', 'vnu.jar')
  const { stdout } = spawnSync('java', ['-jar', jar, '--format', 'json', '--stdout', '--exit-zero-always', ...files], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  rmSync(folder, { recursive: true })
  const { messages } = JSON.parse(stdout) as { messages: Finding[] }
  return messages.map(({ url, type, message, extract }) => {
    const name = names[Number(/page-(\d+)/.exec(url)?.[1])]
    return `${name}: ${type}: ${message} ${extract?.replace(/\s+/g, ' ') ?? ''}`
  })
}
