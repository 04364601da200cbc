/** How the bytes of a text file are to be read, told from its beginning. */
export type Encoding =
  /** Read as it is, or converted; its byte order mark has so many bytes. */
  | { readonly kind: 'text'; readonly name: 'UTF-8' | 'UTF-16LE' | 'UTF-16BE'; readonly markBytes: 0 | 2 | 3 }
  /** Text that is not converted, because nothing in it says for sure what it is; the name is iconv's. */
  | { readonly kind: 'foreign'; readonly name: string }
  /** No text at all; `what` as in "is a PDF document". */
  | { readonly kind: 'binary'; readonly what: string }

/** Bytes of a file's beginning that are enough to tell. */
export const encodingSample = 1 << 16

/**
 * The encoding of a text by its first bytes: by its mark where it has one, else by where its zeros are. What is neither is UTF-8 as far as
 * can be told from zeros: whether every byte of it is, has to be looked at on the way (`likelyEncoding` names what else it may be).
 * @example encodingOf(Buffer.from('\ufeffN', 'utf16le')) // { kind: 'text', name: 'UTF-16LE', markBytes: 2 }
 */
export function encodingOf(beginning: Uint8Array): Encoding {
  const sample = beginning.subarray(0, encodingSample)
  return ofMark(sample) ?? ofMagic(sample) ?? ofZeros(sample) ?? { kind: 'text', name: 'UTF-8', markBytes: 0 }
}

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte)

/** UTF-32 before UTF-16, whose mark the one of UTF-32LE begins with. A mark of UTF-32 is kept apart by its zeros. */
function ofMark(bytes: Uint8Array): Encoding | null {
  if (startsWith(bytes, [0xff, 0xfe, 0, 0]) || startsWith(bytes, [0, 0, 0xfe, 0xff]))
    return { kind: 'foreign', name: 'UTF-32' }
  if (startsWith(bytes, [0xef, 0xbb, 0xbf])) return { kind: 'text', name: 'UTF-8', markBytes: 3 }
  if (startsWith(bytes, [0xff, 0xfe])) return { kind: 'text', name: 'UTF-16LE', markBytes: 2 }
  if (startsWith(bytes, [0xfe, 0xff])) return { kind: 'text', name: 'UTF-16BE', markBytes: 2 }
  return null
}

/** What people give by mistake, by its first bytes. */
const magics: readonly (readonly [what: string, start: readonly number[]])[] = [
  ['a PDF document', [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ['a zip archive or an Office document', [0x50, 0x4b, 3, 4]],
  ['gzip', [0x1f, 0x8b, 8]],
  ['Zstandard', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['bzip2', [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59]],
  ['Parquet', [0x50, 0x41, 0x52, 0x31]],
  ['a NumPy array', [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]],
  ['an HDF5 file', [0x89, 0x48, 0x44, 0x46]],
  ['a picture', [0x89, 0x50, 0x4e, 0x47]],
  ['a picture', [0xff, 0xd8, 0xff]],
  ['an SQLite database', [...Buffer.from('SQLite format 3\0')]],
  ['an Arrow file', [...Buffer.from('ARROW1')]],
  ['a Word document of the old kind', [0xd0, 0xcf, 0x11, 0xe0]],
]

function ofMagic(bytes: Uint8Array): Encoding | null {
  const found = magics.find(([, start]) => startsWith(bytes, start))
  return found === undefined ? null : { kind: 'binary', what: found[0] }
}

/** Of the characters of a text, at most so many are neither letters, figures, signs nor blanks. */
const mostStrange = 0.01

function ofZeros(bytes: Uint8Array): Encoding | null {
  if (bytes.includes(0)) {
    const wide = (['UTF-32LE', 'UTF-32BE', 'UTF-16LE', 'UTF-16BE'] as const).find((name) => isWide(bytes, name))
    if (wide !== undefined) return { kind: 'foreign', name: wide }
  }
  const control = bytes.reduce((count, byte) => count + (isControl(byte) ? 1 : 0), 0)
  return control > mostStrange * bytes.length ? { kind: 'binary', what: 'binary' } : null
}

/** What no text has many of: C0 but tab, line feed, vertical tab, form feed, carriage return and escape. */
const isControl = (byte: number): boolean => byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b

/** Whether bytes with zeros among them are text in units of two or four bytes, well formed and made of what texts are made of. */
function isWide(bytes: Uint8Array, name: 'UTF-16LE' | 'UTF-16BE' | 'UTF-32LE' | 'UTF-32BE'): boolean {
  const text = name.startsWith('UTF-16') ? utf16(bytes, name) : utf32(bytes, name === 'UTF-32LE')
  if (text === null || text.length < 2) return false
  const strange = text.match(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}\t\n\r\f]/gu)?.length ?? 0
  // Pairs of letters read the wrong way round are Chinese or unassigned: a text has line ends, blanks or figures of its own.
  return strange <= mostStrange * text.length && /[ \n\r\t0-9\u3000-\u3002\uff0c]/.test(text)
}

/** Null where it is not well formed; a unit that is cut off by the end of the sample is left out. */
function utf16(bytes: Uint8Array, name: string): string | null {
  try {
    return new TextDecoder(name, { fatal: true }).decode(bytes.subarray(0, bytes.length & ~1), { stream: true })
  } catch {
    return null
  }
}

function utf32(bytes: Uint8Array, littleEndian: boolean): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength & ~3)
  let text = ''
  for (let i = 0; i < view.byteLength; i += 4) {
    const point = view.getUint32(i, littleEndian)
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return null
    text += String.fromCodePoint(point)
  }
  return text
}

/**
 * What a text that is no UTF-8 probably is, in iconv's names: told by how its high bytes go together. Western text has them one by one among
 * letters of ASCII, Cyrillic and Greek words are made of them, and Chinese, Japanese and Korean come in pairs.
 * @example likelyEncoding(Buffer.from('caf\xe9', 'latin1')) // 'ISO-8859-1'
 */
export function likelyEncoding(sample: Uint8Array): string {
  const bytes = sample.subarray(0, encodingSample)
  const high = bytes.filter((byte) => byte >= 0x80)
  const paired = bytes.filter((byte, i) => byte >= 0x80 && (bytes[i - 1] >= 0x80 || bytes[i + 1] >= 0x80))
  if (paired.length < 0.75 * high.length) return western(high)
  return eastAsian(bytes) ?? alphabetic(high)
}

/** Windows-1252 has letters and quotation marks where ISO-8859-1 has control characters, and five holes. */
function western(high: Uint8Array): string {
  const isC1 = high.some((byte) => byte < 0xa0)
  const isHole = high.some((byte) => [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte))
  return isC1 && !isHole ? 'WINDOWS-1252' : 'ISO-8859-1'
}

/** Of text of more than one byte a character, how much of what is no ASCII is usual in its language. */
const eastAsianKinds: readonly (readonly [name: string, usual: RegExp, least: number])[] = [
  ['SHIFT_JIS', /[\u3040-\u30ff]/g, 0.2],
  ['EUC-JP', /[\u3040-\u30ff]/g, 0.2],
  ['EUC-KR', /[\uac00-\ud7a3]/g, 0.9],
  // GB 2312's signs are below 0xA1 in neither byte, which those of Big 5 often are: its reading of them is rarer signs.
  [
    'GB18030',
    /[的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么]/g,
    0.1,
  ],
  [
    'BIG5',
    /[的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她裡後小麼]/g,
    0.1,
  ],
]

function eastAsian(bytes: Uint8Array): string | null {
  for (const [name, usual, least] of eastAsianKinds) {
    const text = decodedWhole(bytes, name)
    const wide = text?.match(/[^\0-\x7f]/g)?.length ?? 0
    if (wide > 0 && (text!.match(usual)?.length ?? 0) >= least * wide) return name
  }
  return null
}

function decodedWhole(bytes: Uint8Array, name: string): string | null {
  try {
    return new TextDecoder(name, { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return null
  }
}

/** Words have far more small letters than capitals; in KOI8-R those are 0xC0 to 0xDF, in Windows' tables 0xE0 to 0xFF. */
function alphabetic(high: Uint8Array): string {
  const share = (from: number, to: number) => high.filter((byte) => byte >= from && byte <= to).length / high.length
  if (share(0xc0, 0xdf) > share(0xe0, 0xff)) return 'KOI8-R'
  // 0xE0 is the common letter a in Russian, and a rare one in Greek.
  return share(0xe0, 0xe0) > 0.02 ? 'WINDOWS-1251' : 'WINDOWS-1253'
}

/**
 * The command that makes UTF-8 of a file; for a packed one with the unpacker in front (`unpack` as `gunzip -c`). What it writes is named so that its kind stays
 * the same.
 * @example conversion('a b.csv', 'UTF-16LE') // "iconv -f UTF-16LE -t UTF-8 'a b.csv' > 'a b-utf8.csv'"
 */
export function conversion(file: string, encoding: string, unpack: string | null = null): string {
  const plain = unpack === null ? file : file.replace(/\.[^./]*$/, '')
  const made = plain.replace(/(\.[^./]*)?$/, '-utf8$1')
  const named = quoted(file)
  const [before, input] = unpack === null ? ['', ` ${named}`] : [`${unpack} ${named} | `, '']
  return `${before}iconv -f ${encoding} -t UTF-8${input} > ${quoted(made)}`
}

/** A file's name as a shell takes it. */
export const quoted = (name: string): string => {
  const safe = name.startsWith('-') ? `./${name}` : name
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`
}
