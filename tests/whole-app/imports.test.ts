import { describe, expect, test } from 'vitest'
import { code, type Import, importsOf, sources } from './sources.ts'

/*
 * The one direction of imports (architecture.md, "The one rule of direction"): routes -> views, commands, queries -> rules ->
 * platform; platform -> nothing of ours.
 */
const files = sources('src', 'views', 'migrations')
const imports = [...files].flatMap(([path, text]) => importsOf(path, text))
const ours = imports.filter(({ to }) => /^(src|views|migrations|tests|bench|static)\//.test(to))

/** The folder under src/ or views/ that a file is in; '' for those that stand beside the folders. */
const featureOf = (path: string): string => /^(?:src|views)\/([^/]+)\//.exec(path)?.[1] ?? ''
const nameOf = (path: string): string =>
  path
    .split('/')
    .at(-1)
    ?.replace(/\.tsx?$/, '') ?? ''
const isPlatform = (path: string) => path.startsWith('src/platform/')
const isView = (path: string) => path.startsWith('views/')
const isTask = (path: string) => path.startsWith('src/tasks/')
/** The tops, which put everything together. */
const isTop = (path: string) => ['src/app.tsx', 'src/main.ts'].includes(path)
/** Files that answer requests: routes.tsx, and others of a feature that make a Hono. */
const isRoutes = (path: string) => /new Hono</.test(files.get(path) ?? '') && !isPlatform(path) && !isTop(path)
/** What several routes of a feature answer with. */
const isActs = (path: string) =>
  /^src\/\w+\/act\.tsx$/.test(path) || /^src\/two-factor\/(confirm|enroll)\.tsx$/.test(path)
const shared = ['parts', 'layout', 'navigation']

const words = ({ from, to }: Import) => `${from} -> ${to}`
const broken = (where: (one: Import) => boolean, allowed: (one: Import) => boolean) =>
  ours.filter((one) => where(one) && !allowed(one)).map(words)

test('there is something to look at', () => {
  expect(files.size).toBeGreaterThan(100)
  expect(ours.length).toBeGreaterThan(200)
  expect([...files.keys()].filter(isRoutes)).toContain('src/members/routes.tsx')
  expect(ours.map(words)).toContain('src/members/routes.tsx -> views/members/members.tsx')
  expect(ours.map(words)).toContain('views/members/members.tsx -> src/members/list-state.ts')
})

test('every import leads to a file', () => {
  expect(ours.filter(({ to }) => !files.has(to)).map(words)).toEqual([])
})

test('nothing is there for tests alone: every exported name is used by the program', () => {
  const program = [...files].map(([path, text]): [path: string, text: string] => [path, code(text)])
  const uses = new Map<string, number>()
  for (const [, text] of program)
    for (const [word] of text.matchAll(/[\p{L}_$][\p{L}\d_$]*/gu)) uses.set(word, (uses.get(word) ?? 0) + 1)
  const exported = program.flatMap(([path, text]) =>
    [...text.matchAll(/^export (?:async )?(?:const|function\*?|class|type) (\w+)/gm)].map(([, name = '']) => [
      path,
      name,
    ]),
  )
  expect(exported.length).toBeGreaterThan(300)
  expect(exported.filter(([, name = '']) => uses.get(name) === 1)).toEqual([])
})

describe('the one direction', () => {
  test('the platform imports no feature, no task and no view', () => {
    expect(
      broken(
        ({ from }) => isPlatform(from),
        ({ to }) => isPlatform(to) || to === 'migrations/index.ts',
      ),
    ).toEqual([])
  })

  test('migrations import nothing of the application', () => {
    expect(
      imports
        .filter(
          ({ from, to }) => from.startsWith('migrations/') && !to.startsWith('migrations/') && !/^kysely/.test(to),
        )
        .map(words),
    ).toEqual([])
  })

  test('nothing imports the tops, but main and the command that lists the routes', () => {
    expect(
      broken(
        ({ to }) => isTop(to),
        ({ from, to }) => to === 'src/app.tsx' && ['src/main.ts', 'src/tasks/routes.ts'].includes(from),
      ),
    ).toEqual([])
  })

  test('nothing imports routes, but the app', () => {
    expect(
      broken(
        ({ to }) => isRoutes(to),
        ({ from }) => from === 'src/app.tsx',
      ),
    ).toEqual([])
  })

  test('nobody imports the tasks, but tasks', () => {
    expect(
      broken(
        ({ to }) => isTask(to),
        ({ from }) => isTask(from),
      ),
    ).toEqual([])
  })

  test('views are drawn by the routes of their own feature, by the app, and by views', () => {
    expect(
      broken(
        ({ to }) => isView(to),
        ({ from, to }) =>
          isView(from) ||
          from === 'src/app.tsx' ||
          // The letters, which the worker is given.
          (from === 'src/main.ts' && to === 'views/mail/letters.ts') ||
          ((isRoutes(from) || isActs(from)) && featureOf(from) === featureOf(to)) ||
          (isActs(from) && to === 'views/parts/act-frame.tsx'),
      ),
    ).toEqual([])
  })

  test('a view takes parts, the frame and its own folder from other views', () => {
    expect(
      broken(
        ({ from, to }) => isView(from) && isView(to) && from !== 'views/layout.tsx',
        ({ from, to }) =>
          featureOf(from) === featureOf(to) || shared.some((one) => to.startsWith(`views/${one}`)) || isTop(from),
      ),
    ).toEqual([])
  })

  test('a view asks no question and gives no order: of the program it takes types, words and rules', () => {
    const neverAtAll = /\/(routes|commands)\.tsx?$/
    expect(
      broken(
        ({ from, to }) => isView(from) && !isView(to),
        ({ to, typesOnly }) =>
          !neverAtAll.test(to) &&
          (typesOnly || !(/\/(queries|page|export)\.ts$/.test(to) || to.startsWith('src/platform/database/'))),
      ),
    ).toEqual([])
  })

  test('inside a feature: queries take rules, commands take queries and rules, rules take neither', () => {
    const rank: Record<string, number> = { rules: 0, queries: 1, commands: 2, routes: 3 }
    expect(
      broken(
        ({ from, to }) => nameOf(from) in rank && nameOf(to) in rank && !isPlatform(from) && !isTask(from),
        ({ from, to }) => {
          const [above, below] = [rank[nameOf(from)] ?? 0, rank[nameOf(to)] ?? 0]
          // A command may call another feature's command, and the rules of a part those of the whole.
          const part = from.split('/').length > to.split('/').length
          return above > below || ((part || featureOf(from) !== featureOf(to)) && above === below && above < 3)
        },
      ),
    ).toEqual([])
  })

  test('rules know neither SQL nor HTTP nor the clock', () => {
    for (const [path, text] of files)
      if (/^src\/[^/]+\/rules\.ts$/.test(path)) {
        const packages = importsOf(path, text).map(({ to }) => to)
        expect(
          packages.filter((one) => /^(kysely|hono|postgres|src\/platform\/(database|web))/.test(one)),
          path,
        ).toEqual([])
        expect(code(text), path).not.toMatch(/new Date\(\)|Date\.now/)
      }
  })

  test('queries and commands know no HTTP', () => {
    for (const [path, text] of files)
      if (/^src\/[^/]+\/(queries|commands)\.ts$/.test(path) && !isPlatform(path))
        expect(
          importsOf(path, text).filter(({ to }) => /^(hono|@hono)/.test(to)),
          path,
        ).toEqual([])
  })

  test('queries write nothing', () => {
    for (const [path, text] of files)
      if (/^src\/[^/]+\/(queries|page|export)\.ts$/.test(path))
        expect(code(text), path).not.toMatch(/\.(insertInto|updateTable|deleteFrom|mergeInto)\(|\binTransaction\(/)
  })
})

describe('no file needs itself', () => {
  const cycles = (links: Import[]) => {
    const next = new Map<string, string[]>()
    for (const { from, to } of links) next.set(from, [...(next.get(from) ?? []), to])
    const found: string[] = []
    const done = new Set<string>()
    const visit = (path: string, trail: string[]) => {
      if (trail.includes(path)) {
        found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
        return
      }
      if (done.has(path)) return
      for (const to of next.get(path) ?? []) visit(to, [...trail, path])
      done.add(path)
    }
    for (const path of next.keys()) visit(path, [])
    return found
  }

  test('by what runs', () => {
    expect(cycles(ours.filter(({ typesOnly }) => !typesOnly))).toEqual([])
  })
  test('a ring would be found', () => {
    const ring = ['a', 'b', 'c'].map((from, n, all) => ({ from, to: all[(n + 1) % 3] ?? '', typesOnly: false }))
    expect(cycles(ring)).toEqual(['a -> b -> c -> a'])
  })
  test('nor does a feature need one that needs it, not even for a type', () => {
    const between = ours
      .filter(({ from, to }) => from.startsWith('src/') && to.startsWith('src/') && featureOf(from) && featureOf(to))
      .map((one) => ({ ...one, from: featureOf(one.from), to: featureOf(one.to) }))
      .filter(({ from, to }) => from !== to)
    expect(cycles(between)).toEqual([])
  })
})
