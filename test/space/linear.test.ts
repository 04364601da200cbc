import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readSpace } from '../../src/space/file.ts'
import { assertLinear, ignoringErrors } from '../linear.ts'

/** Files of spaces that make a careless parser look again and again, up to the megabyte that is taken. */
const shapes: Readonly<Record<string, (n: number) => string>> = {
  'a name of points': (n) => `${'a.'.repeat(n / 2)}b = 1`,
  'a name of quotes': (n) => `${'"a".'.repeat(n / 4)}b = 1`,
  'lists in lists': (n) => `a = ${'['.repeat(n)}`,
  'tables in tables': (n) => `a = ${'{a='.repeat(n / 3)}`,
  keys: (n) => Array.from({ length: n / 10 }, (_, i) => `k${i} = 1`).join('\n'),
  tables: (n) => Array.from({ length: n / 10 }, (_, i) => `[t${i}]`).join('\n'),
  'a list of tables': (n) => '[[t]]\n'.repeat(n / 6),
  digits: (n) => `a = ${'1'.repeat(n)}`,
  'digits in groups': (n) => `a = 1${'_1'.repeat(n / 2)}`,
  blanks: (n) => `a = 1${' '.repeat(n)}x`,
  lines: (n) => `${'\n'.repeat(n)}x`,
  'an open string of quotes': (n) => `a = "${'\\"'.repeat(n / 2)}`,
  'an open text of quotes': (n) => `a = """${'""\\\n '.repeat(n / 5)}`,
  'a list of numbers': (n) => `a = [${'1,'.repeat(n / 2)}]`,
  'names that are unknown': (n) => `{${Array.from({ length: n / 12 }, (_, i) => `"k${i}":1`).join()}}`,
}

const folder = mkdtempSync(join(tmpdir(), 'isoflop-spaces-'))
after(() => rmSync(folder, { recursive: true }))

for (const [what, textOf] of Object.entries(shapes))
  test(`a file of a space is read in time that grows with its length: ${what}`, async () => {
    const fileOf = (n: number) => {
      const file = join(folder, `${n}.${what.startsWith('names') ? 'json' : 'toml'}`)
      writeFileSync(file, textOf(n))
      return file
    }
    await assertLinear(what, 200_000, fileOf, ignoringErrors(readSpace))
  })
