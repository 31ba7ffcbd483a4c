/**
 * Which addresses and usernames are in use, in 16 MB however many there are: one bit for each of 134 million hashes. It may
 * call a free one taken (1 in 130 at a million people; the next number is tried), never a taken one free.
 */
export class Taken {
  readonly #bits = new Uint32Array(2 ** 22)

  /** Marks `text` as in use; false when it was (or may have been) already. */
  add(text: string): boolean {
    let hash = 0x811c9dc5
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash = (hash ^ (hash >>> 16)) >>> 5
    const word = hash >>> 5
    const bit = 1 << (hash & 31)
    if ((this.#bits[word]! & bit) !== 0) return false
    this.#bits[word]! |= bit
    return true
  }
}
