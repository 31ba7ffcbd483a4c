import { pipeline, Readable } from 'node:stream'
import { crc32, createDeflateRaw } from 'node:zlib'

/** One file of an archive. `name` is made by the server, never by a person. */
export type Entry = { name: string; content: string | Iterable<Buffer> | AsyncIterable<Buffer> }

/** What four bytes can't hold; such a size needs the longer records of ZIP64. */
const full = 0xffffffff
/** No entry may grow beyond this, in bytes: what is compressed while it is written can't say in advance that it needs ZIP64. */
export const mostInEntry = 4_000_000_000

type Written = { name: Buffer; crc: number; packed: number; size: number; offset: number }

/**
 * The bytes of a ZIP archive (APPNOTE.TXT 6.3.10), written from front to back in the memory of a few pieces: sizes follow
 * their entry in a data descriptor, and the directory stands at the end. Reading the entries is at the reader's pace. Throws
 * when an entry is larger than `mostInEntry`. `from` is where the archive begins in its file (for a test of sizes above 4 GB).
 */
export async function* zip(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  at: Date,
  from = 0,
): AsyncGenerator<Buffer> {
  const stamp = dosTime(at)
  const written: Written[] = []
  let offset = from
  for await (const { name, content } of entries) {
    const entry: Written = { name: Buffer.from(name), crc: 0, packed: 0, size: 0, offset }
    written.push(entry)
    const header = localHeader(entry, stamp)
    yield header
    for await (const piece of deflated(content, entry)) {
      entry.packed += piece.length
      yield piece
    }
    const sizes = descriptor(entry)
    yield sizes
    offset += header.length + entry.packed + sizes.length
  }
  yield directory(written, offset, stamp)
}

function deflated(content: Entry['content'], entry: Written): AsyncIterable<Buffer> {
  async function* measured() {
    for await (const piece of typeof content === 'string' ? [Buffer.from(content)] : content) {
      entry.crc = crc32(piece, entry.crc)
      entry.size += piece.length
      if (entry.size > mostInEntry) throw new RangeError('An entry of the archive grew beyond 4 GB')
      yield piece
    }
  }
  // Level 1: tables shrink to a ninth already, and the next level takes twice as long for a tenth less.
  const deflate = createDeflateRaw({ level: 1, chunkSize: 65_536 })
  // Errors reach the reader of `deflate`.
  pipeline(Readable.from(measured(), { objectMode: false, highWaterMark: 65_536 }), deflate, () => {})
  return deflate
}

/** MS-DOS date and time, in UTC; two-second steps from 1980 on. */
function dosTime(at: Date): { time: number; date: number } {
  const year = Math.max(0, at.getUTCFullYear() - 1980)
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: (year << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  }
}

type Stamp = ReturnType<typeof dosTime>
/** Sizes come later (bit 3), names are UTF-8 (bit 11). */
const flags = 0x0808
const deflateMethod = 8

function localHeader({ name }: Written, { time, date }: Stamp): Buffer {
  const head = Buffer.alloc(30)
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(20, 4)
  head.writeUInt16LE(flags, 6)
  head.writeUInt16LE(deflateMethod, 8)
  head.writeUInt16LE(time, 10)
  head.writeUInt16LE(date, 12)
  head.writeUInt16LE(name.length, 26)
  return Buffer.concat([head, name])
}

function descriptor({ crc, packed, size }: Written): Buffer {
  const tail = Buffer.alloc(16)
  tail.writeUInt32LE(0x08074b50, 0)
  tail.writeUInt32LE(crc, 4)
  tail.writeUInt32LE(packed, 8)
  tail.writeUInt32LE(size, 12)
  return tail
}

function directoryEntry({ name, crc, packed, size, offset }: Written, { time, date }: Stamp): Buffer {
  const far = offset >= full
  const extra = Buffer.alloc(far ? 12 : 0)
  if (far) {
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(8, 2)
    extra.writeBigUInt64LE(BigInt(offset), 4)
  }
  const head = Buffer.alloc(46)
  head.writeUInt32LE(0x02014b50, 0)
  head.writeUInt16LE(far ? 45 : 20, 4)
  head.writeUInt16LE(far ? 45 : 20, 6)
  head.writeUInt16LE(flags, 8)
  head.writeUInt16LE(deflateMethod, 10)
  head.writeUInt16LE(time, 12)
  head.writeUInt16LE(date, 14)
  head.writeUInt32LE(crc, 16)
  head.writeUInt32LE(packed, 20)
  head.writeUInt32LE(size, 24)
  head.writeUInt16LE(name.length, 28)
  head.writeUInt16LE(extra.length, 30)
  head.writeUInt32LE(far ? full : offset, 42)
  return Buffer.concat([head, name, extra])
}

/** The directory and its end; the ZIP64 records only where four bytes don't do, since some readers stumble over them. */
function directory(written: Written[], offset: number, stamp: Stamp): Buffer {
  const list = Buffer.concat(written.map((entry) => directoryEntry(entry, stamp)))
  const far = offset + list.length >= full || written.length >= 0xffff
  const end = Buffer.alloc(22)
  const count = Math.min(written.length, 0xffff)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(Math.min(list.length, full), 12)
  end.writeUInt32LE(Math.min(offset, full), 16)
  if (!far) return Buffer.concat([list, end])

  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x06064b50, 0)
  end64.writeBigUInt64LE(44n, 4)
  end64.writeUInt16LE(45, 12)
  end64.writeUInt16LE(45, 14)
  end64.writeBigUInt64LE(BigInt(written.length), 24)
  end64.writeBigUInt64LE(BigInt(written.length), 32)
  end64.writeBigUInt64LE(BigInt(list.length), 40)
  end64.writeBigUInt64LE(BigInt(offset), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + list.length), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([list, end64, locator, end])
}
