import { domainToASCII, domainToUnicode } from 'node:url'

/** The part of an address behind the @, in ASCII: what emailKey() made of it. */
export const domainOf = (emailKey: string): string => emailKey.slice(emailKey.lastIndexOf('@') + 1)

/** A domain as it is stored and compared: lower case, ASCII; null for what is none. */
export function asDomain(text: string): string | null {
  const plain = text.normalize('NFC').trim().replace(/^@/, '').toLowerCase()
  if (plain.length === 0 || plain.length > 253 || !/^[\p{L}\p{N}\p{M}-]+(\.[\p{L}\p{N}\p{M}-]+)+$/u.test(plain))
    return null
  return domainToASCII(plain) || null
}

const wellKnown = [
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.com',
  'live.com',
  'yahoo.com',
  'icloud.com',
  'proton.me',
  'protonmail.com',
  'gmx.de',
  'gmx.net',
  'web.de',
  'aol.com',
]

/** Letters of other scripts, and pairs, that are drawn like a Latin one. */
const drawnAs: Record<string, string> = {
  а: 'a',
  ɑ: 'a',
  α: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  ё: 'e',
  ε: 'e',
  ɡ: 'g',
  һ: 'h',
  н: 'h',
  і: 'i',
  ї: 'i',
  ι: 'i',
  ı: 'i',
  ј: 'j',
  к: 'k',
  κ: 'k',
  ӏ: 'l',
  м: 'm',
  п: 'n',
  η: 'n',
  о: 'o',
  ο: 'o',
  σ: 'o',
  р: 'p',
  ρ: 'p',
  ԛ: 'q',
  г: 'r',
  ѕ: 's',
  т: 't',
  τ: 't',
  υ: 'u',
  ν: 'v',
  ѵ: 'v',
  ԝ: 'w',
  ω: 'w',
  х: 'x',
  χ: 'x',
  у: 'y',
  γ: 'y',
  '0': 'o',
  '1': 'l',
  '5': 's',
}

/** How a domain looks: marks off, each letter as the Latin one that it is drawn like. */
const looks = (domain: string): string =>
  [
    ...domainToUnicode(domain)
      .normalize('NFKD')
      .replace(/\p{M}+/gu, ''),
  ]
    .map((letter) => drawnAs[letter] ?? letter)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('cl', 'd')

/** Whether two words differ by one letter: another one, one more, one less, or two in the other order. */
export function isOneEdit(one: string, two: string): boolean {
  const [short, long] = one.length <= two.length ? [one, two] : [two, one]
  if (one === two || long.length - short.length > 1) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at++
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1)
  return (
    short.slice(at + 1) === long.slice(at + 1) ||
    (short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2))
  )
}

const scripts = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Hebrew', 'Arabic', 'Cherokee', 'Georgian'].map(
  (name) => new RegExp(`\\p{Script=${name}}`, 'u'),
)
const mixesScripts = (domain: string): boolean =>
  domainToUnicode(domain)
    .split('.')
    .some((label) => scripts.filter((script) => script.test(label)).length > 1)

/** Below this length a letter more or less is another word. */
const tellable = 6

/**
 * Why an address may be meant for somebody else: its domain is nearly, or looks like, one that is trusted here (those allowed, those
 * of the members) or that everybody knows. A sentence, or null.
 */
export function lookAlike(domain: string, trusted: readonly string[]): string | null {
  const known = [...trusted, ...wellKnown]
  if (known.includes(domain)) return null
  const near = known.find(
    (one) =>
      looks(one) === looks(domain) ||
      (one.length >= tellable && isOneEdit(domainToUnicode(one), domainToUnicode(domain))),
  )
  const shown = domainToUnicode(domain)
  if (near)
    return `${shown} looks like ${domainToUnicode(near)}, and is another domain. Check the address, then tick “Send it to this address anyway”`
  if (mixesScripts(domain))
    return `${shown} mixes letters of different alphabets. Check the address, then tick “Send it to this address anyway”`
  return null
}
