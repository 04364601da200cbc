import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** Words that a reader whose first language is another looks up in vain, and what says the same. */
const rare: Readonly<Record<string, string>> = {
  'foretold|foretell\\w*': 'predicted',
  'err|errs': 'deviate',
  'leaves over|left over': 'residual',
  weighed: 'compared, judged',
  'hairlines?': 'thin line',
  'whence|thence|hence|thereof|whereof|heretofore': 'from where, of it',
  'heed|beget\\w*|bespeak\\w*|betoken\\w*': 'mind, mean',
}

const rareIn = (text: string): string[] =>
  Object.entries(rare).flatMap(([words, plain]) =>
    [...text.matchAll(new RegExp(`(?<![\\w-])(?:${words})(?![\\w-])`, 'gi'))].map(
      ([word]) => `${word} (say: ${plain})`,
    ),
  )

/** What stands between quotes or backticks in a line of code. */
const quotedIn = (code: string): string =>
  [...code.matchAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g)]
    .map(([text]) => text.replace(/\$\{[^}]*\}/g, ''))
    .join('\n')

const filesUnder = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => pattern.test(file))
    .map((file) => join(folder, file))

/** Comments are for whoever works on the code, and hold apostrophes that would pair with quotes. */
const withoutComments = (code: string): string => code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')

test('reports, README and docs use no word that only few readers know', () => {
  const pages = ['README.md', ...filesUnder('docs', /\.md$/)].map((file) => [file, read(file)])
  const code = ['src/report', 'src/cli', 'src/fit', 'src/plan', 'src/core', 'src/input']
    .flatMap((folder) => filesUnder(folder, /\.ts$/))
    .map((file) => [file, quotedIn(withoutComments(read(file)))])
  for (const [file, text] of [...pages, ...code]) assert.deepEqual(rareIn(text), [], file)
})

test('the test of words sees them in quotes, and not in names and comments', () => {
  const code = withoutComments("/** what err means */\nconst foretoldRuns = err\nsay('runs err')")
  assert.deepEqual(rareIn(quotedIn(code)), ['err (say: deviate)'])
})
