/** What comes next in a Zstandard file: a header that is looked into, contents, or the end of a frame, which has no bytes. */
interface Part {
  readonly kind: 'header' | 'contents' | 'end'
  readonly bytes: number
}

/**
 * Cuts the bytes of a Zstandard file where its frames end. There may be many, one after the other, as `cat a.zst b.zst` and parallel
 * compressors write them, and Node's decompressor stops behind the first one without a word, unless nothing else was in the chunk
 * that it was given; then it goes on with the next.
 */
export async function* cutAtFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const parts = partsOf()
  let part = parts.next().value
  let header = Buffer.alloc(0)
  let left = part.bytes
  for await (const chunk of chunks) {
    let cut = 0
    let place = 0
    for (;;) {
      const bytes = chunk.subarray(place, place + left)
      if (part.kind === 'header') header = Buffer.concat([header, bytes])
      place += bytes.length
      left -= bytes.length
      if (left > 0) break
      if (part.kind === 'end') {
        yield chunk.subarray(cut, place)
        cut = place
      }
      part = parts.next(header).value
      left = part.bytes
      header = Buffer.alloc(0)
    }
    if (cut < chunk.length) yield chunk.subarray(cut)
  }
}

/** The parts of a file by RFC 8878, section 3.1; each header is handed in after it was asked for. */
function* partsOf(): Generator<Part, never, Buffer> {
  for (;;) {
    const magic = (yield { kind: 'header', bytes: 4 }).readUInt32LE()
    if (magic === 0xfd2fb528) yield* frameOf(yield { kind: 'header', bytes: 1 })
    else if (magic >>> 4 === 0x184d2a5) {
      const size = yield { kind: 'header', bytes: 4 } // of a frame that decompressors skip
      yield { kind: 'contents', bytes: size.readUInt32LE() }
    } else yield { kind: 'contents', bytes: Number.POSITIVE_INFINITY } // the decompressor will say that this is none
    yield { kind: 'end', bytes: 0 }
  }
}

function* frameOf([descriptor]: Buffer): Generator<Part, void, Buffer> {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]
  yield { kind: 'contents', bytes: (isSingleSegment ? 0 : 1) + dictionary + contentSize }
  for (let isLast = false; !isLast; ) {
    const header = (yield { kind: 'header', bytes: 3 }).readUIntLE(0, 3)
    isLast = (header & 1) === 1
    const isRun = ((header >> 1) & 3) === 1 // one byte, repeated
    yield { kind: 'contents', bytes: isRun ? 1 : header >> 3 }
  }
  if ((descriptor & 4) !== 0) yield { kind: 'contents', bytes: 4 } // a checksum
}
