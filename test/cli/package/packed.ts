import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

export const folder = mkdtempSync(join(tmpdir(), 'isoflop-package-'))

/** What a clean clone does not have. */
const leftOut = new Set(['node_modules', 'dist', 'out', '.git'])

/** Runs a command as somebody's shell would: without what npm told the tests of this repository, and with no Node but one. */
export function shell(command: string, args: readonly string[], { cwd, node }: { cwd: string; node: string }) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: environment(node), encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** The same for what goes on until it is stopped. */
export const started = (command: string, args: readonly string[], { cwd, node }: { cwd: string; node: string }) =>
  spawn(command, args, { cwd, env: environment(node) })

/** npm finds its registry by what it is told at home and by `NODE_EXTRA_CA_CERTS`; no manager of versions keeps a Node there that we did not put there. */
function environment(node: string): NodeJS.ProcessEnv {
  const told = /^(npm_(?!config_(registry|cafile|cache)$)|NODE_(?!EXTRA_CA_CERTS$)|ISOFLOP_)/i
  const others = Object.entries(process.env).filter(([name]) => !told.test(name))
  const managers = ['NVM_DIR', 'FNM_DIR', 'VOLTA_HOME', 'MISE_DATA_DIR', 'ASDF_DATA_DIR', 'N_PREFIX']
  return {
    ...Object.fromEntries(others),
    ...Object.fromEntries(managers.map((name) => [name, join(folder, name)])),
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  }
}

/** `npm pack` in a clean clone after `npm ci`, by a Node: the tarball and what is in it. */
export function pack(node: string): { tarball: string; files: readonly string[] } {
  const clone = join(folder, 'clone')
  cpSync(root, clone, { recursive: true, filter: (path) => path === root || !leftOut.has(basename(path)) })
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
  const { status, stdout, stderr } = shell('npm', ['pack', '--json'], { cwd: clone, node })
  if (status !== 0) throw new Error(`npm pack: ${stderr}`)
  const told = JSON.parse(stdout.slice(stdout.indexOf('[\n')))
  const [packed] = told as { filename: string; files: { path: string }[] }[]
  return { tarball: join(clone, packed.filename), files: packed.files.map(({ path }) => path) }
}

/** An empty folder with the packages that are named, and what npm said beside; why not, where the registry cannot be reached. */
export function install(
  name: string,
  packages: readonly string[],
  node: string,
): { cwd: string; reason: string | null; warned: string } {
  const cwd = join(folder, name)
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'package.json'), '{ "private": true, "type": "module" }')
  const { status, stderr } = shell('npm', ['install', '--prefer-offline', ...packages], { cwd, node })
  if (status === 0) return { cwd, reason: null, warned: stderr }
  if (/ENOTFOUND|ECONN|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|CERT|E404|ETARGET|ENOTCACHED/.test(stderr))
    return { cwd, reason: `the registry does not give ${packages.join(', ')}`, warned: stderr }
  throw new Error(`npm install ${packages.join(' ')}: ${stderr}`)
}

/** The Node 20 of the registry's packages: its path, or why there is none. */
export function node20(): { node: string; reason: null } | { node: null; reason: string } {
  const package24 = ourPackage()
  if (package24 === undefined) return { node: null, reason: 'the registry has no Node for this machine' }
  const { cwd, reason } = install('node20', [`${package24}@20`], process.execPath)
  return reason === null ? { node: join(cwd, 'node_modules', package24, 'bin/node'), reason } : { node: null, reason }
}

/** The package of this machine's Node 24, which `npm ci` brought. */
export const ourPackage = (): string | undefined =>
  Object.keys(JSON.parse(readFileSync(join(root, 'runtime/node24/package.json'), 'utf8')).optionalDependencies).find(
    (name) => existsSync(join(root, 'node_modules', name)),
  )
