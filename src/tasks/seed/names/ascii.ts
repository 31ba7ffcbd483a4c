const table = (from: string, to: string): [string, string][] => {
  const letters = to.split(' ')
  return [...from].map((letter, at) => [letter, letters[at] ?? ''])
}

/** Scripts that can be read letter by letter, as their speakers write themselves in addresses; a simplification. */
const letters = new Map<string, string>([
  ...table(
    'абвгґдђеёєжзийіїјклљмнњоөпрстћуүұфхцчџшщъыьэюяәғқңһѓќѕ',
    'a b v g g d dj e e ye zh z i y i yi j k l lj m n nj o o p r s t c u u u f kh ts ch dz sh shch  y  e yu ya a g q n h g k dz',
  ),
  ...table('αβγδεζηθικλμνξοπρσςτυφχψω', 'a v g d e z i th i k l m n x o p r s s t y f ch ps o'),
  ...table(
    'აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ',
    'a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h',
  ),
  ...table(
    'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև',
    'a b g d e z e y t zh i l kh ts k h dz gh ch m y n sh o ch p j r s v t r ts v p k o f ev',
  ),
  ...table('ßæœøđðþłħıŧəŋı', 'ss ae oe o d d th l h i t e n i'),
])
const digraphs = new Map(table('äöüøåæ', 'ae oe ue oe aa ae'))

/** `text` in the letters a to z alone, for an address; empty when its script needs a form of its own ("name=ascii"). */
export function ascii(text: string, german = false): string {
  let lower = text.toLowerCase().normalize('NFC').replaceAll('ու', 'u')
  if (german) lower = lower.replace(/[äöüøåæ]/g, (letter) => digraphs.get(letter) ?? letter)
  // й and ї are letters of their own before the marks come off.
  lower = lower.replace(/[йїґё]/g, (letter) => letters.get(letter) ?? letter)
  const bare = lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replaceAll('ου', 'u')
  let out = ''
  for (const letter of bare) out += /[a-z]/.test(letter) ? letter : (letters.get(letter) ?? '')
  return out
}
