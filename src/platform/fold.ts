/** Letters that NFKD leaves whole, but that people type without their stroke, dot or ligature. */
const plain: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŧ: 't',
  ς: 'σ',
  '’': "'",
  '‘': "'",
  ʻ: "'",
  ʼ: "'",
  '`': "'",
}
const odd = new RegExp(`[${Object.keys(plain).join('')}]`, 'g')

/**
 * Marks that people leave out when they type: accents, Hebrew points, Arabic vowels. The vowel signs of Indic scripts and Thai
 * are marks too, but without them different names become one.
 */
const marks = /[[\p{Script=Inherited}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Cyrillic}]&&\p{M}]+/gv
/** Joiners and soft hyphens stand inside of words and aren't seen. */
const unseen = /[\u00ad\u200b-\u200d\u2060\ufeff]+/g

/**
 * One spelling for every way to write the same letters (data-model.md: NFKD, marks off, lower case).
 * Done here and never by SQL lower(), so that every engine and every locale agrees.
 */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(unseen, '')
    .toLowerCase()
    .replace(marks, '')
    .replace(odd, (letter) => plain[letter] ?? letter)
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()

/** The longest start of `text` that is at most `bytes` long in UTF-8: index entries hold at most 2,704. */
export const cut = (text: string, bytes: number): string => {
  if (Buffer.byteLength(text) <= bytes) return text
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true })
}

/** What a list sorts by: the parts of a name folded, the first part deciding. U+0001 keeps "Li" before "Li An". */
export const sortKey = (...parts: string[]): string => cut(parts.map(fold).filter(Boolean).join('\u0001'), 300)

/** Scripts that write words without spaces between them: every rest of a word counts as a word. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

const words = (part: string): string[] => {
  const folded = fold(part)
  const bare = folded.replace(/[\p{P}\p{S}]+/gu, '')
  const spaced = folded.replace(/[\p{P}\p{S}]+/gu, ' ').trim()
  const found = [folded, bare === folded ? '' : bare, spaced === folded || spaced === bare ? '' : spaced]
  for (const word of folded.split(' '))
    if (unspaced.test(word)) {
      const letters = [...word].slice(0, 12)
      for (let at = 1; at < letters.length; at++) found.push(letters.slice(at).join(''))
    }
  return found.filter(Boolean)
}

/**
 * What a search looks in: starts with a space, so that "% xq%" finds the start of a word; names, email and username
 * folded, then the same with punctuation off. At most 1,600 bytes, so that it fits beside the key of an index.
 */
export const searchText = (...parts: string[]): string => cut(` ${[...new Set(parts.flatMap(words))].join(' ')}`, 1600)

/**
 * The unique key of an email address (data-model.md): NFC, trimmed, lower case, domain in ASCII.
 * Lower case follows Unicode's default mapping, not a language's.
 */
export const emailKey = (email: string): string => {
  const [, local, domain] = /^(.*)@([^@]*)$/s.exec(email.normalize('NFC').trim()) ?? []
  if (local === undefined || domain === undefined) return email.normalize('NFC').trim().toLowerCase()
  // Only a plain host name: what follows a slash, question mark or colon would be somebody else's address.
  const plainHost = /^[\p{L}\p{N}\p{M}.-]+$/u.test(domain) && URL.canParse(`http://${domain}`)
  const ascii = plainHost ? new URL(`http://${domain}`).hostname : domain.toLowerCase()
  return `${local.toLowerCase()}@${ascii}`
}

export const usernameKey = (username: string): string => username.normalize('NFKC').trim().toLowerCase()
