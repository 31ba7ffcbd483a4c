import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { code, root, sources } from './sources.ts'

const src = sources('src')
const everything = sources('src', 'views', 'migrations')
const script = readFileSync(join(root, 'static', 'app.js'), 'utf8')

/** Files in which a pattern stands, comments left out. */
const where = (pattern: RegExp, files: Map<string, string> = everything): string[] =>
  [...files].filter(([, text]) => pattern.test(code(text))).map(([path]) => path)

/** What looks across organizations, and why. Each is here because somebody weighed it; a new one is added by hand. */
const crossings: Record<string, string[]> = {
  'src/accounts/commands.ts': Array(4).fill('an act on an account concerns all its organizations'),
  'src/accounts/email-change.ts': ['an act on an account concerns all its organizations'],
  'src/profile/account/commands.ts': ['an act on an account concerns all its organizations'],
  'src/profile/account/queries.ts': ['one’s own account, with the copies of it in all its organizations'],
  'src/audit/export.ts': ['names are looked up for rows that were found for the organization'],
  'src/audit/queries.ts': [
    'sign-ins belong to no organization, and whoever manages an account may read them in its log',
    'names are looked up for rows that were found for the organization',
  ],
  'src/mail/commands.ts': ['the operator looks after letters of every organization'],
  'src/mail/queries.ts': [
    'letters of every organization are sent',
    'the operator looks after letters of every organization',
  ],

  'src/invitations/put-back.ts': ['who answers for an invitation may change in every organization'],
  'src/invitations/remind.ts': ['invitations of every organization end by the clock'],
  'src/invitations/settle.ts': ['invitations of every organization end by the clock'],

  'src/invitations/across/queries.ts': Array(5).fill('support staff see the organizations that allow it'),
  'src/joining/commands.ts': ['a link to join says by itself which invitation it is'],
  'src/joining/invitation.ts': ['a link to join says by itself which invitation it is'],

  'src/invitations/new/queries.ts': ['somebody chooses among the organizations that they may invite into'],
  'src/main.ts': ['the first start'],
  'src/members/ending.ts': ['memberships of every organization end by the clock'],
  'src/members/new/commands.ts': ['drafts of every organization end after a day'],
  'src/organizations/new-day.ts': ['a new day begins for every organization'],
  'src/passwords/queries.ts': ['a password must not hold the name of any organization that its owner is in'],
  'src/platform/events/record.ts': ['the log takes events of every organization and of none'],
  'src/platform/jobs/queue.ts': Array(2).fill('the queue is no organization’s'),
  'src/platform/mail/marks.ts': Array(2).fill('letters of every organization are sent'),
  'src/sessions/current.ts': ['who is asking: a session belongs to no organization'],
  'src/sessions/queries.ts': ['a session ends as the strictest of its account’s organizations says'],
  'src/sign-in/try.ts': ['whoever gave a first password is in the organization that manages the account'],
  'src/settings/security/two-factor/remind.ts': Array(2).fill('two-factor is required from a day on, whoever is there'),
  'src/settings/commands.ts': ['the seats of every organization are counted once a day'],
  'src/support/queries.ts': Array(2).fill('support staff see the organizations that allow it'),
  'src/tasks/dump/restore.ts': ['a dump holds every table'],
  'src/tasks/dump/tables.ts': ['a dump holds every table'],
  'src/tasks/dump/write.ts': ['a dump holds every table'],
  'src/tasks/rotate-key/command.ts': ['the operator is told what a new key ends'],
  'src/tasks/seed/rebuild.ts': ['indexes and links are of whole tables'],
  'src/tasks/seed/seed.ts': ['made-up people need addresses that are new to the whole installation'],
}

describe('what looks across organizations', () => {
  test('is on this list, each with its reason', () => {
    const found: Record<string, string[]> = {}
    for (const [path, text] of src) {
      if (path === 'src/platform/database/guard.ts') continue
      const plain = code(text)
      const reasons = [...plain.matchAll(/\bcrossing\(\s*\w+,\s*'([^']+)',?\s*\)/g)].map(([, reason]) => reason ?? '')
      const uses = [...plain.matchAll(/\bcrossing\b(?!\s*[,}])/g)].length
      expect(uses, `${path}: a crossing whose reason can't be read`).toBe(reasons.length)
      if (reasons.length > 0) found[path] = reasons
    }
    expect(found).toEqual(crossings)
  })

  test('goes through crossing(): the plugins are taken off nowhere else but where the schema is looked at', () => {
    expect(where(/withoutPlugins/)).toEqual(['src/platform/database/guard.ts', 'src/platform/database/migrate.ts'])
  })

  test('every connection of the program is made with the guard', () => {
    const made = where(/(?<!\w)connect\(\{/)
    expect(made).toEqual(['src/main.ts', 'src/platform/database/generate.ts', 'src/tasks/main.ts'])
    for (const path of ['src/main.ts', 'src/tasks/main.ts']) {
      const text = code(src.get(path) ?? '')
      const calls = [...text.matchAll(/(?<!\w)connect\(\{(.*?)\}\)/gs)]
      expect(calls.length).toBeGreaterThan(0)
      for (const [, options] of calls) expect(options, path).toMatch(/plugins(: \[statementGuard\])?[ ,}]?/)
      expect(text).toContain('statementGuard]')
    }
  })

  test('text goes to the database past the guard only in files that are about the database itself', () => {
    const sends = /\.(unsafe|executeQuery)\(|\bslot\.send\(|\bCompiledQuery\.raw\b|\bprepared\(/
    expect(where(sends)).toEqual([
      'src/platform/database/compiled-once.ts',
      'src/platform/database/connect.ts',
      'src/platform/database/copy.ts',
      'src/tasks/dump/restore.ts',
      'src/tasks/dump/write.ts',
      'src/tasks/seed/copy-in.ts',
      'src/tasks/seed/rebuild.ts',
    ])
  })

  test('only they know the driver', () => {
    expect(where(/['"](postgres|pg|pg-[\w-]+)(\/[\w/]+)?['"]/)).toEqual([
      'src/platform/database/connect.ts',
      'src/platform/database/embedded.ts',
      'src/platform/database/values.ts',
      // pg-boss, which runs on a pool of ours.
      'src/platform/jobs/queue.ts',
      'src/platform/mail/worker.ts',
    ])
  })
})

describe('text that is no parameter (R-30)', () => {
  test('is never put into SQL', () => {
    expect(where(/\bsql\s*\.(raw|lit)\b/)).toEqual([])
    // Nor by tests, whose ways are copied.
    expect(where(/\bsql\s*\.(raw|lit)\b/, sources('tests', 'bench'))).toEqual([])
    expect(where(/\beb\.lit\((?!true|false|null|\d+\))/)).toEqual([])
  })
  test('names of columns and tables made at run time come from lists of our own', () => {
    expect(where(/\bsql\.(ref|id|table)\(/, src)).toEqual([
      'src/accounts/email-change.ts',
      'src/audit/export.ts',
      'src/audit/queries.ts',
      'src/invitations/across/queries.ts',
      'src/invitations/conditions.ts',
      'src/invitations/in-parts.ts',
      'src/invitations/letters.ts',
      'src/members/conditions.ts',
      'src/members/holders.ts',
      'src/members/in-order.ts',
      'src/platform/access/grants.ts',
      'src/tasks/dump/restore.ts',
      'src/tasks/rotate-key/secrets.ts',
    ])
    expect(where(/\.dynamic\./)).toEqual([])
  })
})

describe('text that is no text (R-25)', () => {
  const views = sources('views')
  const pages = new Map([
    ...[...views].filter(([path]) => path !== 'views/mail/letter.tsx'),
    ...[...src].filter(([path]) => path.endsWith('.tsx')),
  ])

  test.each([
    ['markup from a string', /dangerouslySetInnerHTML|\braw\(|hono\/html|\bhtml`/],
    ['script in attributes', /\son[a-z]+=|hx-on|js:|javascript:|hx-vals|hx-vars|hx-headers/],
    ['style in attributes', /\sstyle=|<style|cssText/],
    ['script in the page', /<script(?! src=\{asset\()/],
    ['htmx attributes that are no valid HTML', /[^-]\bhx-(get|post|target|swap|trigger|boost|sync|select|push-url)/],
  ])('no %s', (_, pattern) => {
    expect(where(pattern, pages)).toEqual([])
  })

  test('style stands in attributes of letters alone, which know no style sheet and no policy', () => {
    expect(where(/\sstyle=/)).toEqual(['views/mail/letter.tsx'])
  })

  test('the pages that this looks at are there', () => {
    expect(pages.size).toBeGreaterThan(20)
    expect(where(/<script src=\{asset\('app.js'\)\} defer/, pages)).toEqual(['views/layout.tsx'])
  })

  test('no script of ours makes markup or code out of what it was given', () => {
    const plain = code(script)
    expect(plain).not.toMatch(
      /\beval\(|new Function|document\.write|\.(inner|outer)HTML\s*\+?=|setAttribute\('(on|style)/,
    )
    expect(plain).not.toMatch(/set(Timeout|Interval)\(\s*['"`]/)
    // Only constants of the script itself may stand in a piece of markup.
    const inserted = [...plain.matchAll(/insertAdjacentHTML\(\s*'\w+',\s*`([^`]*)`/gs)].map(([, html]) => html ?? '')
    const constants = new Set([...plain.matchAll(/const (\w+) =\s*['"`](?![^'"`]*\$\{)/g)].map(([, name]) => name))
    for (const html of inserted)
      for (const [, name] of html.matchAll(/\$\{([^}]*)\}/g)) expect(constants, html).toContain(name)
  })
})
