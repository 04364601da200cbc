import { readdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { quoted } from '../core/encoding.ts'
import { IsoflopError } from '../core/errors.ts'
import { badFormat, type Source, unreadable } from './sources.ts'

/** What a folder has and is not read, each file with the reason. */
export interface PassedOver {
  readonly name: string
  readonly reason: 'about' | 'hidden' | 'kind'
}

export interface Listing {
  readonly sources: readonly Source[]
  readonly passedOver: readonly PassedOver[]
}

const kinds: Readonly<Record<string, Source['kind']>> = {
  txt: 'text',
  md: 'text',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  parquet: 'parquet',
}
const packings: Readonly<Record<string, Source['packing']>> = { gz: 'gz', gzip: 'gz', zst: 'zst', zstd: 'zst' }

const expected = '.txt, .md, .json, .jsonl (or .ndjson), each also as .gz or .zst, and .parquet'

/** Texts that stand beside data and tell of them. */
const aboutText = /^(readme|licen[cs]e|copying|notice|changelog|contributing|citation|code_of_conduct)([._-].*)?$/i
/** What Hugging Face's library writes beside data. */
const aboutJson = /^(dataset_infos?|dataset_dict|state)\.json$/i

/**
 * The files that were named, and those of known kinds in the folders that were named, in the order of their names; a file that
 * comes up twice is taken once. In a folder what is hidden, and what tells of the data, is no text: named itself, it is.
 * @throws IsoflopError FILE_NOT_FOUND for what is not there and for folders without such files, FILE_FORMAT for a file of another kind.
 */
export function listSources(inputs: readonly string[]): Listing {
  const sources = new Map<string, Source>()
  const passedOver: PassedOver[] = []
  for (const input of inputs) {
    const listing = statOf(input).isDirectory() ? sourcesIn(input) : { sources: [namedSource(input)], passedOver: [] }
    for (const source of listing.sources) {
      const place = realpathSync(source.path)
      if (!sources.has(place)) sources.set(place, source)
    }
    passedOver.push(...listing.passedOver)
  }
  return { sources: [...sources.values()], passedOver }
}

function namedSource(path: string): Source {
  const source = sourceOf(path, basename(path), true)
  if (source !== null) return source
  if (!statOf(path).isFile())
    throw badFormat(path, 'is a pipe or a device, expected a file', 'Write what comes from it to a file first.')
  throw badFormat(path, 'has a name of no known kind', `${wayOut(path)} What is read: ${expected}.`)
}

/** What to do with a file of another kind. */
function wayOut(path: string): string {
  const name = quoted(path)
  if (/\.(tar|tgz|tar\.\w+)$/i.test(path))
    return `Unpack it and name the folder: mkdir unpacked && tar -xf ${name} -C unpacked.`
  if (/\.zip$/i.test(path)) return `Unpack it and name the folder: unzip ${name} -d unpacked.`
  if (/\.xz$/i.test(path)) return `Unpack it and name the result: xz -dk ${name}.`
  if (/\.bz2$/i.test(path)) return `Unpack it and name the result: bzip2 -dk ${name}.`
  if (/\.[ct]sv$/i.test(path)) return `Write its rows as JSONL: ${rowsOfTable(path)}.`
  if (/\.arrow$/i.test(path))
    return 'Write it as Parquet: in Python, datasets.Dataset.from_file(FILE).to_parquet("data.parquet").'
  if (/\.parquet\.\w+$/i.test(path)) return 'Unpack it first: Parquet is packed inside.'
  return `If it is plain text, give it such a name: cp ${name} ${quoted(`${path}.txt`)}.`
}

/** Python splits tables as spreadsheets write them, line ends in cells included. */
function rowsOfTable(path: string): string {
  const delimiter = /\.tsv$/i.test(path) ? ', delimiter="\\t"' : ''
  const script = `import csv, json, sys; csv.field_size_limit(1 << 30); [print(json.dumps(row)) for row in csv.DictReader(sys.stdin${delimiter})]`
  return `python3 -c ${quoted(script)} < ${quoted(path)} > ${quoted(path.replace(/\.[^.]*$/, '.jsonl'))}`
}

function sourcesIn(folder: string): Listing {
  const sources: Source[] = []
  const passedOver: PassedOver[] = []
  for (const name of filesIn(folder).sort()) {
    const source = sourceOf(join(folder, name), name, false)
    const reason = reasonToPass(name, source)
    if (source !== null && reason === null) sources.push(source)
    else passedOver.push({ name, reason: reason ?? 'kind' })
  }
  if (sources.length > 0) return { sources, passedOver }
  const there = passedOver.length > 0 ? `: ${passedOverText(passedOver)}` : ''
  const about = passedOver.find(({ reason }) => reason === 'about')
  const advice =
    about === undefined
      ? ''
      : ` To read ${about.name} nevertheless, name it itself: ${quoted(join(folder, about.name))}.`
  throw new IsoflopError(
    'FILE_NOT_FOUND',
    `${folder} has no file to read${there}.`,
    `What is read: ${expected}.${advice}`,
  )
}

function reasonToPass(name: string, source: Source | null): PassedOver['reason'] | null {
  if (name.split('/').some((part) => part.startsWith('.'))) return 'hidden'
  const file = basename(name)
  if (aboutJson.test(file) || (aboutText.test(file) && source?.kind !== 'json' && source?.kind !== 'parquet'))
    return 'about'
  return source === null ? 'kind' : null
}

/** What a folder has, by names in it; links are followed, each folder is gone through once. Hidden folders are named and not entered. */
function filesIn(folder: string): string[] {
  const seen = new Set<string>()
  const names: string[] = []
  const walk = (path: string, prefix: string): void => {
    const place = realpathSync(path)
    if (seen.has(place)) return
    seen.add(place)
    for (const name of namesIn(path)) {
      const isFolder = !name.startsWith('.') && isDirectory(join(path, name))
      if (isFolder) walk(join(path, name), `${prefix}${name}/`)
      else names.push(`${prefix}${name}`)
    }
  }
  walk(folder, '')
  return names
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    throw unreadable(folder, cause)
  }
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** Null for a name of no known kind, and for what is no file. */
function sourceOf(path: string, name: string, isNamed: boolean): Source | null {
  const known = /\.(txt|md|json|jsonl|ndjson|parquet)(?:\.(gz|gzip|zst|zstd))?$/i.exec(name)
  // README and LICENSE seldom have an extension; named themselves they are text.
  const [, extension, packing] = known ?? (isNamed && aboutText.test(name) && !name.includes('.') ? [name, 'txt'] : [])
  if (extension === undefined) return null
  const kind = kinds[extension.toLowerCase()]
  if (kind === 'parquet' && packing !== undefined) return null
  const stat = statOf(path)
  if (!stat.isFile()) return null
  return {
    ...{ path, name, kind, isNamed },
    packing: packing === undefined ? null : packings[packing.toLowerCase()],
    bytes: stat.size,
    modified: stat.mtimeMs,
  }
}

function statOf(path: string): Stats {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat !== undefined) return stat
  const target = linkTarget(path)
  if (target === null) throw unreadable(path, { code: 'ENOENT' })
  throw new IsoflopError(
    'FILE_NOT_FOUND',
    `${path} is a link to ${target}, which is not there.`,
    'Fetch or restore what it points to, or remove the link.',
  )
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

/** Files of one reason that are named. */
const mostNamed = 8

/** What was passed over, in words; hidden files are counted only. */
export function passedOverText(files: readonly PassedOver[]): string {
  const of = (reason: PassedOver['reason']) => files.filter((file) => file.reason === reason).map(({ name }) => name)
  const [about, hidden, kind] = [of('about'), of('hidden'), of('kind')]
  const parts = [
    ...(about.length > 0 ? [`${shortList(about)} (about the data)`] : []),
    ...(kind.length > 0 ? [`${shortList(kind)} (of no kind that is read)`] : []),
    ...(hidden.length > 0 ? [hidden.length === 1 ? '1 hidden file' : `${hidden.length} hidden files`] : []),
  ]
  return `passed over ${parts.join(', ')}`
}

/** Names, of many the first ones. */
export const shortList = (names: readonly string[], most = mostNamed): string =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')
