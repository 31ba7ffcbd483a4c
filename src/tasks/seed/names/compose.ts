import { chooser } from '../random.ts'
import { ascii } from './ascii.ts'
import { languages } from './index.ts'
import type { Language } from './language.ts'

type Next = () => number

/** A name of at most five words; `ascii` is what it becomes in an address, first and last, a to z alone. */
export type Name = { first: string; last: string; ascii: [first: string, last: string]; language: Language }

type Entry = { text: string; ascii: string }
type Bag = { entries: Entry[]; choose: (next: Next) => number }
type Token = { slot?: Bag; entry?: Entry; join: '' | ' ' | '-' }
type Shape = [first: Token[], last: Token[]]
type Side = { shapes: Shape[]; choose: (next: Next) => number }

const read = (item: string, german = false): Entry & { weight?: number } => {
  const [, text, , form, , weight] = /^([^=*]+)(=([a-z.]+))?(\*([\d.]+))?$/.exec(item.trim()) ?? []
  if (!text) throw new Error(`not a name: ${item}`)
  return {
    text,
    ascii: form?.replaceAll('.', '') ?? ascii(text, german),
    ...(weight !== undefined && { weight: Number(weight) }),
  }
}

function bag(list: string, language: Language, change?: (entry: Entry) => Entry): Bag {
  const entries = list.split(',').map((item) => read(item, language.digraphs))
  const weights = entries.map(({ weight }, rank) => weight ?? (rank + 2) ** -(language.zipf ?? 0.7))
  return { entries: change ? entries.map(change) : entries, choose: chooser(weights) }
}

function shapeOf(pattern: string, slots: Record<string, Bag | undefined>): Shape {
  const [first, last] = pattern.split('|').map((side) => {
    const tokens: Token[] = []
    for (const [, join, text] of side.matchAll(/([ +-]?)([^ +-]+)/g)) {
      const slot = slots[text!]
      tokens.push({ ...(slot ? { slot } : { entry: read(text!) }), join: join === '+' ? '' : (join as Token['join']) })
    }
    return tokens
  })
  return [first!, last!]
}

function side(language: Language, woman: boolean): Side {
  const { feminine = [] } = language
  const slots = {
    F: bag(woman ? language.women : language.men, language),
    L: bag(language.last, language, (entry) => {
      const rule = woman ? feminine.find(([pattern]) => pattern.test(entry.text)) : undefined
      if (!rule) return entry
      const text = entry.text.replace(...rule)
      return { text, ascii: ascii(text, language.digraphs) }
    }),
    P: language.fathers ? bag(language.fathers, language) : undefined,
    A: bag((!woman && language.menMiddle) || language.middle || language.men, language),
  }
  const shapes = (woman && language.womenShapes) || language.shapes
  return {
    shapes: Object.keys(shapes).map((pattern) => shapeOf(pattern, slots)),
    choose: chooser(Object.values(shapes)),
  }
}

const most = 5

/** What one half of a name became last, so that composing a name makes no object of its own. */
let text = ''
let address = ''
let words = 0

function compose(tokens: Token[], next: Next): void {
  text = address = ''
  words = 0
  let before: Entry | undefined
  for (const { slot, entry = undefined, join } of tokens) {
    let part = entry
    if (slot) {
      const at = slot.choose(next)
      part = slot.entries[at]!
      // "Anna Anna" and "Berg-Berg" are slips; 丽丽 and García García are names.
      if (part.text === before?.text && join !== '') part = slot.entries[(at + 1) % slot.entries.length]!
    }
    text += join + part!.text
    address += part!.ascii
    before = part
  }
  if (text !== '') {
    words = 1
    for (let at = text.indexOf(' '); at !== -1; at = text.indexOf(' ', at + 1)) words++
  }
}

/** Gives a function that makes up one name after the other. The lists are read once, at the first call. */
export function namer(): (next: Next) => Name {
  const sides = languages.map((language) => [side(language, true), side(language, false)] as const)
  const chooseLanguage = chooser(languages.map((language) => language.weight))
  return (next) => {
    const at = chooseLanguage(next)
    const { shapes, choose } = sides[at]![next() < 0.5 ? 0 : 1]
    for (;;) {
      const shape = shapes[choose(next)]!
      compose(shape[0], next)
      const [first, firstAscii, firstWords] = [text, address, words]
      compose(shape[1], next)
      if (firstWords + words <= most)
        return { first, last: text, ascii: [firstAscii, address], language: languages[at]! }
    }
  }
}
