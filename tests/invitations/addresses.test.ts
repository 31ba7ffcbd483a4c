import { describe, expect, test } from 'vitest'
import { whyNotAllowed } from '../../src/invitations/domain.ts'
import { asDomain, isOneEdit, lookAlike } from '../../src/invitations/new/domains.ts'
import { readPeople } from '../../src/invitations/new/lines.ts'
import { readList } from '../../src/invitations/new/list.ts'

const read = (text: string) => readPeople(text).map((one) => [one.first_name, one.last_name, one.email])

describe('an address is understood in any usual form', () => {
  test.each([
    ['nimali@example.org', [['', '', 'nimali@example.org']]],
    ['<nimali@example.org>', [['', '', 'nimali@example.org']]],
    ['mailto:nimali@example.org', [['', '', 'nimali@example.org']]],
    ['Nimali Wije <nimali@example.org>', [['Nimali', 'Wije', 'nimali@example.org']]],
    ['Nimali Anne Wije <nimali@example.org>,', [['Nimali Anne', 'Wije', 'nimali@example.org']]],
    ['Nimali <nimali@example.org>', [['Nimali', '', 'nimali@example.org']]],
    ['"Wije, Nimali" <nimali@example.org>', [['Nimali', 'Wije', 'nimali@example.org']]],
    ['Wije, Nimali <nimali@example.org>', [['Nimali', 'Wije', 'nimali@example.org']]],
    ['Nimali Wije nimali@example.org', [['Nimali', 'Wije', 'nimali@example.org']]],
    ['nimali@example.org Nimali Wije', [['Nimali', 'Wije', 'nimali@example.org']]],
    ['Wije; Nimali; nimali@example.org', [['Nimali', 'Wije', 'nimali@example.org']]],
    ['nimali@example.org, Nimali, Wije', [['Nimali', 'Wije', 'nimali@example.org']]],
    ['Nimali\tWije\tnimali@example.org', [['Nimali', 'Wije', 'nimali@example.org']]],
    ['Nimali Wije (nimali@example.org)', [['Nimali', 'Wije', 'nimali@example.org']]],
    [
      'a@example.org, b@example.org;c@example.org,',
      [
        ['', '', 'a@example.org'],
        ['', '', 'b@example.org'],
        ['', '', 'c@example.org'],
      ],
    ],
    [
      'a@example.org b@example.org',
      [
        ['', '', 'a@example.org'],
        ['', '', 'b@example.org'],
      ],
    ],
    [
      'Ana Bo <a@example.org>, "Do, Cy" <c@example.org>\r\nE F e@example.org\r\r\n\n',
      [
        ['Ana', 'Bo', 'a@example.org'],
        ['Cy', 'Do', 'c@example.org'],
        ['E', 'F', 'e@example.org'],
      ],
    ],
    // A name that is an address makes believe that the letter goes there.
    ['"boss@example.org" <else@example.net>', [['', '', 'else@example.net']]],
    ['boss@example.org <else@example.net>', [['', '', 'else@example.net']]],
    ['O"Brien Pat pat@example.org', [['O Brien', 'Pat', 'pat@example.org']]],
    ['no address at all', [['', '', '']]],
    ['a@example.org, and so on', [['and so', 'on', 'a@example.org']]],
    ['', []],
    [' \n\t\r\n', []],
  ])('%j', (text, people) => {
    expect(read(text)).toEqual(people)
  })
})

describe('a list says of each line what it is', () => {
  const outcomes = (text: string) => readList(text).entries.map(({ email, outcome = 'new' }) => [email, outcome])
  test('wrong addresses, the same person in upper case, and another spelling of a domain', () => {
    expect(
      outcomes(
        'a@example.org\nA@EXAMPLE.ORG\nnot an address\na@b@example.org\na@exa mple.org\nx@bücher.example, x@xn--bcher-kva.example',
      ),
    ).toEqual([
      ['a@example.org', 'new'],
      ['A@EXAMPLE.ORG', 'twice'],
      ['', 'wrong'],
      ['', 'wrong'],
      ['a@exa', 'new'],
      ['x@bücher.example', 'new'],
      ['x@xn--bcher-kva.example', 'twice'],
    ])
  })
  test('beyond a hundred people each is too many, and of what comes after two hundred lines the number is told', () => {
    const list = readList(Array.from({ length: 300 }, (_, n) => `p${n}@example.org`).join('\n'))
    expect(list.entries.filter(({ outcome }) => !outcome)).toHaveLength(100)
    expect(list.entries.filter(({ outcome }) => outcome === 'many')).toHaveLength(100)
    expect(list.more).toBe(100)
  })
  test('names lose what isn’t seen, and are as short as names are', () => {
    const [one] = readList(`"\u202eWije${'x'.repeat(300)}, Ni\u0007mali" <a@example.org>`).entries
    expect(one?.last_name).toBe(`Wije${'x'.repeat(95)}`)
    expect(one?.first_name).toBe('')
  })
})

describe('reading takes as much longer as the text is, and no more', () => {
  const hostile: [string, (n: number) => string][] = [
    ['angle brackets', (n) => '<'.repeat(n)],
    ['angle brackets before an address', (n) => `${'<'.repeat(n)}a@b`],
    ['quotes', (n) => '"'.repeat(n + 1)],
    ['at signs', (n) => '@'.repeat(n)],
    ['commas', (n) => `a@b${','.repeat(n)}c@d`],
    ['words and commas', (n) => `${'x,'.repeat(n / 2)}a@b`],
    ['spaces', (n) => `a${' '.repeat(n)}a@b`],
    ['brackets around each', (n) => '<a@b>'.repeat(n / 5)],
    ['dots in a domain', (n) => `a@${'b.'.repeat(n / 2)}`],
    ['lines', (n) => 'a\n'.repeat(n / 2)],
    ['addresses on one line', (n) => 'a@b '.repeat(n / 4)],
    ['open bracket, many addresses', (n) => `<${'a@b,'.repeat(n / 4)}`],
    ['tabs', (n) => `${'\t'.repeat(n)}a@b`],
  ]
  const many = 16
  /** The shortest of a few times that reading all of these takes. */
  const fastest = (texts: string[]) =>
    Math.min(
      ...Array.from({ length: 5 }, () => {
        const before = process.hrtime.bigint()
        for (const text of texts) readList(text)
        return Number(process.hrtime.bigint() - before)
      }),
    )
  test.each(hostile)('%s', (_, make) => {
    const short = Array.from({ length: many }, () => make(30_000))
    const long = [make(30_000 * many)]
    fastest(short)
    // The same letters at once instead of one after another: squared it would be 16 times as long, whatever the machine does.
    expect(fastest(long) / fastest(short)).toBeLessThan(6)
  })
})

describe('domains', () => {
  test('are compared in ASCII, whole', () => {
    expect(asDomain(' @Bücher.Example ')).toBe('xn--bcher-kva.example')
    for (const none of [
      '',
      'example',
      'a b.org',
      'a@b.org',
      'http://a.org',
      'a..org',
      '.org',
      'a.org/x',
      'x'.repeat(254),
    ])
      expect([none, asDomain(none)]).toEqual([none, null])
    expect(whyNotAllowed('a@example.org', [])).toBe(null)
    expect(whyNotAllowed('a@example.org', ['example.org'])).toBe(null)
    for (const other of ['sub.example.org', 'xexample.org', 'example.org.evil.net', 'org'])
      expect(whyNotAllowed(`a@${other}`, ['example.org'])).toContain('Only addresses of example.org')
  })
  test('one letter away is one letter away', () => {
    for (const [a, b] of [
      ['gmail', 'gmial'],
      ['gmail', 'gmai'],
      ['gmail', 'gmaill'],
      ['gmail', 'gnail'],
    ] as const)
      expect([a, b, isOneEdit(a, b), isOneEdit(b, a)]).toEqual([a, b, true, true])
    for (const [a, b] of [
      ['gmail', 'gmail'],
      ['gmail', 'gmaxxl'],
      ['gmail', 'hotmail'],
      ['ab', 'cd'],
    ] as const)
      expect([a, b, isOneEdit(a, b)]).toEqual([a, b, false])
  })
  test('that look like one that is trusted, or that everybody knows, are told apart', () => {
    const trusted = ['harbor-claims.com']
    for (const domain of ['harbor-claims.com', 'gmail.com', 'mail.com.example', 'elsewhere.org', 'live.com', 'gmx.net'])
      expect([domain, lookAlike(domain, trusted)]).toEqual([domain, null])
    for (const text of [
      'harbor-claim.com',
      'harbour-claims.com',
      'harbor-c1aims.com',
      'hаrbor-claims.com', // Cyrillic а
      'gmial.com',
      'gmail.co',
      'grnail.com',
      'yah00.com',
      'сосасоӏа.example', // Cyrillic alone, like nothing known
      'paypаl.example', // Latin with a Cyrillic а
    ]) {
      const why = lookAlike(asDomain(text) ?? '', trusted)
      expect([text, why !== null]).toEqual([text, !text.startsWith('сосасоӏа')])
    }
  })
})
