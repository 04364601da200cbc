import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IsoflopError } from './errors.ts'

/** Where isoflop lies: the clone, or its folder in node_modules. */
const home = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')

/** The packages that only some need, with the versions that work: together they are three times the size of all others. */
const optional: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(home, 'package.json'), 'utf8'),
).peerDependencies

/**
 * Loads a package that is installed only where it is needed.
 *
 * @example const { Resvg } = await loadPackage('@resvg/resvg-js', () => import('@resvg/resvg-js'), 'PNG files')
 *
 * @throws IsoflopError PACKAGE_MISSING, which says what to install for `purpose`; whatever a package that is there throws.
 */
export async function loadPackage<Module>(
  name: string,
  load: () => Promise<Module>,
  purpose: string,
  also: readonly string[] = [],
): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error, name)) throw error
    throw new IsoflopError(
      'PACKAGE_MISSING',
      `For ${purpose} isoflop needs the package ${name}, which is not installed.`,
      `Install it: ${installing([name, ...also], home)}`,
      { cause: error },
    )
  }
}

/** Whether it is the package itself that is not there, not something within it. */
const isMissing = (error: unknown, name: string): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes((error as NodeJS.ErrnoException).code ?? '') &&
  /^Cannot find (?:package|module) '([^']*)/.exec((error as Error).message)?.[1].startsWith(name) === true

/**
 * The command that installs optional packages where isoflop lies: in a clone, in a project, for all of a machine, or for once by npx. Install scripts are
 * left out: none is needed, and ONNX Runtime's downloads CUDA.
 */
export function installing(names: readonly string[], folder: string): string {
  if (existsSync(join(folder, 'src'))) return 'npm ci'
  const packages = names.map((name) => `${name}@${optional[name]}`)
  const project = dirname(dirname(folder))
  if (basename(dirname(project)) === '_npx')
    return `npx ${packages.map((name) => `--package=${name} `).join('')}--package=isoflop -- isoflop ...`
  const isGlobal = !existsSync(join(project, 'package.json'))
  return `npm install ${isGlobal ? '--global ' : ''}--ignore-scripts ${packages.join(' ')}`
}

/** Whether they are here, without loading them. */
export const optionalPackages = {
  home,
  isHere: (name: string): boolean => {
    const paths = createRequire(import.meta.url).resolve.paths(name) ?? []
    return paths.some((path) => existsSync(join(path, name, 'package.json')))
  },
}
