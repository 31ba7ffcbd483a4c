import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..', '..')

/** The program's own source files by path; what begins with a dot is somebody's scratch. */
export const sources = (...folders: string[]): Map<string, string> =>
  new Map(
    folders
      .flatMap((folder) => globSync(join(folder, '**', '*.{ts,tsx,js}'), { cwd: root }))
      .filter((path) => !/(^|\/)\./.test(path))
      .sort()
      .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  )

/** A text without its comments, so that an explanation isn't taken for code. */
export const code = (text: string): string =>
  text
    .replace(/\{?\/\*.*?\*\/\}?/gs, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\s\/\/ .*$/gm, '')

export type Import = { from: string; to: string; typesOnly: boolean }

/** Everything that a file imports: a path of ours, or the name of a package. */
export function importsOf(path: string, text: string): Import[] {
  const found: Import[] = []
  const plain = code(text)
  const add = (specifier: string, typesOnly: boolean) =>
    found.push({
      from: path,
      to: specifier.startsWith('.') ? relative(root, resolve(root, dirname(path), specifier)) : specifier,
      typesOnly,
    })
  for (const [, kind = '', what = '', specifier = ''] of plain.matchAll(
    /^(import|export)\s+([^'"]*?)\s*from\s+['"]([^'"]+)['"]/gms,
  )) {
    const inner = /\{(.*)\}/s.exec(what)?.[1]
    const named = inner
      ?.split(',')
      .map((one) => one.trim())
      .filter(Boolean)
    const typesOnly =
      /^type\b/.test(what) ||
      (kind === 'import' && /^\{/.test(what) && (named ?? []).every((one) => /^type\s/.test(one)))
    add(specifier, typesOnly)
  }
  for (const [, specifier = ''] of plain.matchAll(/^import\s+['"]([^'"]+)['"]/gm)) add(specifier, false)
  for (const [, specifier = ''] of plain.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) add(specifier, false)
  return found
}
