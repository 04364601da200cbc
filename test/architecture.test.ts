import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = join(root, 'src')

/** What each layer may import from the others; ARCHITECTURE.md repeats this table. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  numeric: [],
  confined: [],
  parquet: ['confined'],
  workbook: ['confined'],
  space: ['core'],
  cs336: ['core', 'space'],
  input: ['core', 'numeric', 'parquet', 'workbook', 'space', 'cs336'],
  law: ['core', 'numeric'],
  world: ['core', 'numeric', 'law', 'space', 'cs336'],
  corpus: ['core', 'parquet'],
  gpt: ['core', 'corpus', 'cs336'],
  jobs: ['core', 'space', 'cs336'],
  backend: ['core', 'world', 'input', 'corpus', 'gpt', 'space', 'cs336', 'jobs'],
  api: ['core', 'space', 'cs336'],
  client: ['core', 'space', 'cs336', 'api'],
  server: ['core', 'space', 'cs336', 'api', 'backend', 'input', 'pages'],
  fit: ['core', 'numeric', 'law'],
  joint: ['core', 'numeric', 'space'],
  plan: ['core', 'numeric', 'law', 'fit', 'joint', 'space'],
  campaign: ['core', 'input', 'world', 'api', 'client', 'plan', 'space', 'cs336'],
  launch: ['core', 'space'],
  pages: ['core'],
  explore: ['core', 'law', 'input', 'pages'],
  watch: ['core', 'plan', 'campaign', 'client', 'pages', 'cs336'],
  report: ['core', 'numeric', 'law', 'fit', 'input', 'api', 'joint', 'plan', 'campaign', 'space', 'cs336'],
  cli: [
    'core',
    'numeric',
    'law',
    'world',
    'input',
    'fit',
    'plan',
    'campaign',
    'launch',
    'corpus',
    'gpt',
    'backend',
    'jobs',
    'api',
    'client',
    'server',
    'pages',
    'explore',
    'watch',
    'report',
    'space',
    'cs336',
  ],
  // No store, no server and nothing of Node: what runs in a browser.
  web: ['core', 'numeric', 'law', 'input', 'fit', 'joint', 'plan', 'campaign', 'explore', 'report', 'space', 'cs336'],
  'index.ts': [
    'core',
    'law',
    'world',
    'input',
    'fit',
    'plan',
    'campaign',
    'launch',
    'client',
    'report',
    'space',
    'cs336',
  ],
}

/** What the rooms of report/ may import from each other; `number.ts` and `prose.ts` stand beside them. */
const rooms: Record<string, readonly string[]> = {
  words: [],
  draw: ['words'],
  page: ['draw', 'words'],
  fit: ['draw', 'page', 'words'],
  campaign: ['draw', 'page', 'words'],
  class: ['draw', 'words'],
  // A choice from a pool is told with the words of a fit: its law, its tables, its rows.
  pool: ['draw', 'page', 'fit', 'words'],
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))

/** The files of src that a file imports, types too. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8')
  const found = text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)
  return [...found].map(([, path]) => relative(source, join(source, dirname(file), path)))
}

const layerOf = (file: string) => file.split('/')[0]

test('every layer imports only what lies below it', () => {
  for (const file of files)
    for (const imported of importsOf(file)) {
      const [from, to] = [layerOf(file), layerOf(imported)]
      assert.ok(from in mayImport, `src/${from} has no line in the table`)
      assert.ok(from === to || mayImport[from].includes(to), `src/${file} imports src/${imported}`)
    }
})

test('figures and pages know no fit and no campaign, and neither knows the other', () => {
  for (const file of files.filter((name) => name.startsWith('report/') && name.split('/').length > 2)) {
    const room = file.split('/')[1]
    assert.ok(room in rooms, `src/report/${room} has no line in the table`)
    for (const imported of importsOf(file)) {
      const [layer, to, ...rest] = imported.split('/')
      const isShared = layer === 'report' ? rest.length === 0 : layer === 'core' || !['draw', 'page'].includes(room)
      assert.ok(isShared || to === room || rooms[room].includes(to), `src/${file} imports src/${imported}`)
    }
  }
})

test('there is no import cycle', () => {
  const state = new Map<string, 'open' | 'done'>()
  const visit = (file: string, path: string[]) => {
    if (state.get(file) === 'done') return
    assert.notEqual(state.get(file), 'open', `cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`)
    state.set(file, 'open')
    for (const imported of importsOf(file)) visit(imported, [...path, file])
    state.set(file, 'done')
  }
  for (const file of files) visit(file, [])
})

test('ARCHITECTURE.md has the same table', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  for (const [layer, allowed] of Object.entries(mayImport)) {
    const row = `| \`${layer}\` | ${allowed.length > 0 ? allowed.map((name) => `\`${name}\``).join(', ') : 'nothing'} |`
    assert.ok(text.includes(row), `expected the row ${row}`)
  }
})

test('random numbers and clocks have one place each', () => {
  for (const file of files) {
    const text = readFileSync(join(source, file), 'utf8')
    if (file !== 'core/random.ts') assert.doesNotMatch(text, /Math\.random|crypto\.random/, file)
    if (file !== 'core/clock.ts') assert.doesNotMatch(text, /Date\.now|new Date\(\)|performance\.now/, file)
  }
})

test('no pattern looks for a run of characters from every place of a text, which takes time with its square', () => {
  // A pattern that is not tied to the beginning, begins with a repeated character, and goes on after it.
  const character = String.raw`(?:\[(?:[^\]\\\n]|\\.)*\]|\\[^\n]|[^\\/\[({|*\s^])`
  const repeated = String.raw`(?:\(\??:?)?${character}[+*]`
  const pattern = new RegExp(
    String.raw`(?<=[(=:,!&|?]\s*)/${repeated}(?![)]?/[gimsuy]*[\s,;.)])[^\n]*?/[gimsuy]*[\s,;.)]`,
  )
  for (const steep of [String.raw`x.replace(/[.\s]+$/, '')`, String.raw`x.search(/\s*\}$/)`, 'x.match(/(a*)b/)'])
    assert.match(steep, pattern)
  for (const even of [
    'x.matchAll(/`+/g)',
    String.raw`x.split(/\s+/)`,
    String.raw`x.match(/^\s*a/)`,
    'x / y + 1 * 2 / z)',
  ])
    assert.doesNotMatch(even, pattern)
  const ofShortTexts = ['input/unit.ts'] // 40 characters at most
  for (const file of files.filter((file) => !ofShortTexts.includes(file)))
    assert.doesNotMatch(readFileSync(join(source, file), 'utf8'), pattern, file)
})

test('each counting convention is written once', () => {
  const homes = {
    'core/flops.ts': /\b6 \* (N|D|parameters|tokens)\b|\/ \(6 \*/,
    'cs336/parameters.ts': /\b12 \* (n|numLayers|layers)\b/,
  }
  for (const [home, convention] of Object.entries(homes)) {
    const writes = (file: string) => convention.test(stripComments(readFileSync(join(source, file), 'utf8')))
    assert.deepEqual(files.filter(writes), [home])
  }
})

const stripComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|`[^`]*`|'[^']*'/g, '')

test('every dependency has its reason in ARCHITECTURE.md and an exact version', () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  for (const [name, version] of Object.entries<string>({
    ...dependencies,
    ...optionalDependencies,
    ...devDependencies,
  })) {
    assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} ${version}`)
    assert.ok(text.includes(`\`${name}\``), `${name} has no reason in ARCHITECTURE.md`)
  }
})
