/** What somebody may type who means no good, or writes as few do. */
export const nasty = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\u0001',
  '\u0007\u001b[31m',
  '\t\r\n',
  '\u200e\u202eevil',
  '\ufeff',
  '\ufffd',
  '\u{10ffff}',
  '👩‍👩‍👧‍👦',
  'Z̷͑a̶͠l̴͝g̸o̵',
  'İıſK',
  'ﷺ'.repeat(30),
  '%',
  '_',
  '%%%',
  '\\',
  '\\\\%',
  "'",
  "'; drop table membership; --",
  "' or '1'='1",
  '"',
  '$1',
  '$$',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'javascript:alert(1)',
  '../../etc/passwd',
  'null',
  'undefined',
  'NaN',
  'true',
  '-0',
  '1e309',
  '9'.repeat(400),
  'a'.repeat(10_000),
  `\u202e${'b'.repeat(199)}`,
  '()[]{}^$*+?.|',
  '🇩🇪'.repeat(150),
  'a '.repeat(5000),
]

/** The same numbers in every run, so that what is found can be found again. */
export function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
