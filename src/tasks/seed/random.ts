/** Numbers from 0 up to 1 that are the same for the same seed, everywhere and for ever: sfc32 by Chris Doty-Humphrey. */
export function random(seed: number, stream = 0): () => number {
  let a = Math.floor(seed / 2 ** 32) | 0
  let b = seed | 0
  let c = stream | 0
  let counter = 1
  const next = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }
  for (let round = 0; round < 15; round++) next()
  return next
}

/** Chooses among `weights.length` things by their weights, in constant time (Walker's alias method, as Vose builds it). */
export function chooser(weights: readonly number[]): (next: () => number) => number {
  const count = weights.length
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const keep = new Float64Array(count)
  const other = new Uint32Array(count)
  const scaled = weights.map((weight) => (weight * count) / total)
  const small: number[] = []
  const large: number[] = []
  for (const [at, weight] of scaled.entries()) (weight < 1 ? small : large).push(at)
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!
    const more = large.at(-1)!
    keep[less] = scaled[less]!
    other[less] = more
    scaled[more]! -= 1 - scaled[less]!
    if (scaled[more]! < 1) small.push(large.pop()!)
  }
  for (const at of [...small, ...large]) keep[at] = 1
  return (next) => {
    const place = next() * count
    const at = Math.floor(place)
    return place - at < keep[at]! ? at : other[at]!
  }
}

/** One of the keys, by weight. */
export function choice<K extends string>(weights: Record<K, number>): (next: () => number) => K {
  const keys = Object.keys(weights) as K[]
  const choose = chooser(keys.map((key) => weights[key]))
  return (next) => keys[choose(next)]!
}
