import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** What a clone of this repository does not have. */
const leftOut = new Set(['node_modules', 'dist', 'out', '.git'])

/** isoflop as readers have it, outside of the repository. */
export interface Packed {
  /** A clone after `npm ci`, with its package built. */
  clone(): string
  /** An empty folder of a project after `npm install` of the package. */
  project(): string
  /** Programs that stand in for those of a reader's machine: first in the path. */
  readonly programs: string
  remove(): void
}

/** Built as `npm pack` builds it, once; what is copied for a page are the files of a clone, some 10 MB. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-walk-'))
  const built = join(folder, 'clone')
  copyClone(root, built)
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.js'], { cwd: built, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the package is not built: ${stderr}`)
  const installed = join(folder, 'installed')
  unpack(built, installed)
  const programs = join(folder, 'programs')
  writePrograms(programs)
  let places = 0
  const place = () => join(folder, `page${++places}`)
  return {
    clone() {
      const to = place()
      copyClone(built, to)
      return to
    },
    project() {
      const to = place()
      mkdirSync(join(to, 'node_modules/.bin'), { recursive: true })
      symlinkSync(installed, join(to, 'node_modules/isoflop'))
      symlinkSync('../isoflop/bin/isoflop.js', join(to, 'node_modules/.bin/isoflop'))
      return to
    },
    programs,
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** The files of a clone, beside the packages that are installed in this one. */
function copyClone(from: string, to: string): void {
  // What no reader changes is the same for every page: Node translates the sources once, not once for each.
  const same = from === root ? [] : [join(from, 'src'), join(from, 'dist')]
  const isLeftOut = (path: string) => leftOut.has(basename(path)) || same.includes(path)
  cpSync(from, to, { recursive: true, filter: (path) => path === from || !isLeftOut(path) })
  for (const folder of same) symlinkSync(folder, join(to, basename(folder)))
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'))
}

/** What the tarball has, and beside it what it needs, where Node looks for that. */
function unpack(built: string, to: string): void {
  const { files } = JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')) as { files: string[] }
  for (const file of [...files, 'package.json', 'README.md'])
    cpSync(join(built, file), join(to, file), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'))
}

/**
 * `npx` without half a second of npm for each command (the packed package's test runs the real one): a program of the project, or of the
 * clone, and nothing from the registry. `open`, which shows a report, where nobody looks: the report has to be there.
 */
function writePrograms(folder: string): void {
  const node = `'${process.execPath}'`
  const program = (name: string, text: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  mkdirSync(folder)
  symlinkSync(process.execPath, join(folder, 'node'))
  program(
    'npx',
    `[ "$1" = isoflop ] || { echo "npx would fetch $1" >&2; exit 1; }
shift
[ -e node_modules/.bin/isoflop ] && exec ${node} node_modules/.bin/isoflop "$@"
[ -e bin/isoflop.js ] && exec ${node} bin/isoflop.js "$@"
echo 'npx would fetch isoflop: this folder has none' >&2; exit 1`,
  )
  program('python', 'exec python3 "$@"')
  for (const name of ['open', 'xdg-open']) program(name, 'test -s "$1"')
}
