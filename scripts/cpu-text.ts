/**
 * Makes the text that data/cpu-isoflops.jsonl was trained on, out of free documentation, dictionaries and books in Debian 12:
 *
 *     node bin/node24.js scripts/cpu-text.ts --out DIR [--packages DIR]
 *
 * Needs Debian or Ubuntu's `apt-get`, `dpkg-deb` and `tar`. The packages of `cpu-text-sources.ts` are fetched once into --packages (where
 * a mirror no longer has a version, snapshot.debian.org does: put the file there). Same packages, same bytes. One JSON Lines file for
 * each package, one document in a line: a file of the package, in pieces of at most 16,000 characters cut between paragraphs.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { type Source, sources } from './cpu-text-sources.ts'

const { values } = parseArgs({
  options: { out: { type: 'string' }, packages: { type: 'string', default: 'packages' } },
})
const { out } = values
if (out === undefined) throw new Error('--out names the folder for the text')

const pieceLength = 16_000
const smallest = 200

/** The package's file, fetched if it is not there. */
function fetched({ name, version }: Source): string {
  const file = `${name}_${version.replace(':', '%3a')}_`
  const found = () => readdirSync(values.packages).find((each) => each.startsWith(file))
  if (found() === undefined) {
    execFileSync('apt-get', ['download', `${name}=${version}`], {
      cwd: values.packages,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  const there = found()
  if (there === undefined) throw new Error(`${file}*.deb is not in ${values.packages}`)
  return join(values.packages, there)
}

/** All files under a folder, in the order of their names' bytes. */
function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .sort((a, b) => (a < b ? -1 : 1))
}

/** A file as plain text. */
function textOf(path: string): string {
  const packed = readFileSync(path)
  const bytes = /\.(gz|dz)$/.test(path) ? gunzipSync(packed) : packed
  const text = bytes.toString('utf8')
  if (/\.(x?html?|page)(\.gz)?$/.test(path)) return withoutTags(text)
  return text.replaceAll('\r', '')
}

// biome-ignore format: a table
const entities: Readonly<Record<string, string>> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', mdash: '—', ndash: '–', hellip: '…', lsquo: '‘', rsquo: '’', ldquo: '“',
  rdquo: '”', rarr: '→', larr: '←', times: '×', middot: '·', para: '', copy: '©', eacute: 'é',
}

/** The words of an HTML page, without head and navigation; a block is a paragraph. */
function withoutTags(page: string): string {
  const body = page
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<(script|style|head|nav|header|footer)\b[\s\S]*?<\/\1>/gi, '')
  return body
    .replace(/<(\/?(p|div|h\d|li|ul|ol|dl|dt|dd|tr|table|pre|blockquote|section|title|note|item))\b[^>]*>/gi, '\n\n')
    .replace(/<br\b[^>]*>/gi, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&#x([\da-f]{1,5});/gi, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/&#(\d{1,6});/g, (_, decimal) => String.fromCodePoint(Number(decimal)))
    .replace(/&(\w+);/g, (all, name) => entities[name] ?? all)
    .replace(/[ \t\u00a0]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** A text in pieces of at most `pieceLength`, cut after a paragraph, else after a line. */
function pieces(text: string): string[] {
  const parts: string[] = []
  let from = 0
  while (text.length - from > pieceLength) {
    const window = text.slice(from, from + pieceLength)
    const cut =
      [window.lastIndexOf('\n\n'), window.lastIndexOf('\n')].find((at) => at > pieceLength / 2) ?? pieceLength - 1
    parts.push(window.slice(0, cut + 1))
    from += cut + 1
  }
  return [...parts, text.slice(from)].map((part) => part.trim()).filter((part) => part.length >= smallest)
}

mkdirSync(out, { recursive: true })
mkdirSync(values.packages, { recursive: true })
const seen = new Set<string>()
let total = 0
for (const source of sources) {
  const folder = mkdtempSync(join(tmpdir(), 'text-'))
  execFileSync('dpkg-deb', ['-x', fetched(source), folder])
  const documents = filesUnder(folder)
    .filter((path) => source.files.test(relative(folder, path)))
    .flatMap((path) => pieces(textOf(path)))
    .filter((text) => {
      const hash = createHash('sha256').update(text).digest('base64')
      return !seen.has(hash) && seen.add(hash)
    })
  rmSync(folder, { recursive: true })
  if (documents.length === 0) throw new Error(`${source.name}: no file matches ${source.files}`)
  const lines = documents.map((text) => `${JSON.stringify({ text })}\n`).join('')
  writeFileSync(join(out, `${source.name}.jsonl`), lines)
  const megabytes = documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6
  total += megabytes
  console.log(`${source.name.padEnd(28)}${megabytes.toFixed(1).padStart(7)} MB  ${documents.length} documents`)
}
console.log(`${total.toFixed(1)} MB in ${out}`)
