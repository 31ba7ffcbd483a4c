/** One person as somebody typed them: an address, however it is spelled, and perhaps a name. `text` is what stood there. */
export type Written = { text: string; email: string; first_name: string; last_name: string }

/*
 * Reads addresses as people paste them: "name@x", "Name <name@x>", "\"Last, First\" <name@x>", "First Last name@x",
 * "Last; First; name@x", "name@x, First, Last", columns of a table, lists with commas or semicolons. Every letter is looked at a fixed number of times,
 * whatever is pasted: no expression here goes back.
 */

const separators = new Set([',', ';', '\t'])

/** The parts of a line between separators that stand neither in quotes nor in angle brackets. */
function partsOf(line: string, withMarks: boolean): { parts: string[]; open: boolean } {
  const parts: string[] = []
  let from = 0
  let until = ''
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] ?? ''
    if (until) {
      if (letter === until) until = ''
    } else if (withMarks && letter === '"') until = '"'
    else if (withMarks && letter === '<') until = '>'
    else if (separators.has(letter)) {
      parts.push(line.slice(from, at))
      from = at + 1
    }
  }
  parts.push(line.slice(from))
  return { parts: parts.map((one) => one.trim()), open: until !== '' }
}

const around = new Set(['<', '>', '"', "'", '(', ')', '[', ']', ',', ';', ':'])
/** Without the marks that people and programs put around an address. */
function bare(word: string): string {
  let [from, to] = [0, word.length]
  while (from < to && around.has(word[from] ?? '')) from++
  while (to > from && around.has(word[to - 1] ?? '')) to--
  const inner = word.slice(from, to)
  return inner.slice(0, 7).toLowerCase() === 'mailto:' ? inner.slice(7) : inner
}

const unquoted = (name: string) => name.replaceAll('"', ' ').trim()

/** A display name as first and last name: "Last, First" where it has a comma, else the last word is the last name. */
function namesIn(text: string): { first_name: string; last_name: string } {
  const name = unquoted(text)
  // An address in a name only makes believe that the letter goes there.
  if (name.includes('@')) return { first_name: '', last_name: '' }
  const comma = name.indexOf(',')
  if (comma >= 0) return { first_name: name.slice(comma + 1).trim(), last_name: name.slice(0, comma).trim() }
  const words = name.split(/\s+/).filter(Boolean)
  const last_name = words.length > 1 ? (words.pop() ?? '') : ''
  return { first_name: words.join(' '), last_name }
}

/** The people in a part: one with a name beside the address, or several addresses with spaces between them. */
function peopleIn(part: string): Written[] {
  const open = part.lastIndexOf('<')
  const close = part.indexOf('>', open)
  if (open >= 0 && close > open)
    return [{ text: part, email: bare(part.slice(open + 1, close).trim()), ...namesIn(part.slice(0, open)) }]
  const words = part.split(/\s+/).filter(Boolean)
  const addresses = words.filter((word) => word.includes('@'))
  if (addresses.length > 1)
    return addresses.map((word) => ({ text: word, email: bare(word), first_name: '', last_name: '' }))
  const name = words.filter((word) => !word.includes('@')).join(' ')
  return [{ text: part, email: bare(addresses[0] ?? ''), ...namesIn(name) }]
}

/** Names that stand in parts of their own: "Last; First", or in the order of a table's columns. */
function besideNames(names: string[], person: Written, isTable: boolean): Written {
  const [one = '', two = ''] = names.slice(0, 2).map(unquoted)
  if (names.length === 0) return person
  if (names.length > 1)
    return { ...person, ...(isTable ? { first_name: one, last_name: two } : { first_name: two, last_name: one }) }
  if (person.first_name && !person.last_name) return { ...person, last_name: one }
  return person.first_name ? person : { ...person, ...namesIn(one) }
}

function peopleOnLine(line: string): Written[] {
  const first = partsOf(line, true)
  // A quote or bracket that is never closed is a letter like others.
  const parts = (first.open ? partsOf(line, false) : first).parts.filter(Boolean)
  const isTable = line.includes('\t')
  const withAddress = parts.filter((part) => part.includes('@')).length
  if (withAddress === 0) return [{ text: line, email: '', first_name: '', last_name: '' }]
  if (withAddress === 1) {
    const people = peopleIn(parts.find((part) => part.includes('@')) ?? '')
    if (people.length !== 1) return people
    const names = parts.filter((part) => !part.includes('@'))
    // Who writes the address first writes columns: the first name is the next.
    const columns = isTable || parts[0]?.includes('@') === true
    return people.map((one) => ({ ...besideNames(names, one, columns), text: line }))
  }
  const found: Written[] = []
  let names: string[] = []
  for (const part of parts) {
    if (!part.includes('@')) {
      names.push(part)
      continue
    }
    const people = peopleIn(part)
    found.push(...(people.length === 1 ? people.map((one) => besideNames(names, one, isTable)) : people))
    names = []
  }
  if (names.length > 0) found.push({ text: names.join(', '), email: '', first_name: '', last_name: '' })
  return found
}

/** Everybody in a pasted text, in its order; what has no address is there too, with none. */
export const readPeople = (text: string): Written[] =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter(Boolean)
    .flatMap(peopleOnLine)
