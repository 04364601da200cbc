import { accessSync, constants, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, platform, release, tmpdir, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { makeFolder, writeWhole } from '../core/durable.ts'
import { lock } from '../core/lock.ts'
import { installing, optionalPackages } from '../core/packages.ts'
import { version } from '../core/version.ts'
import { displayWidth, wrap } from '../report/page/width.ts'
import { isPostgres, shownPlace } from '../server/store/place.ts'
import { brokenLine } from './command-line.ts'
import { defaultDatabase } from './database.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { print, printJson, printNext } from './print.ts'
import { columnsOf } from './terminal.ts'

/** What was looked at: `absent` is what only some need, `failed` keeps something from working. */
export interface Finding {
  readonly name: string
  readonly state: 'ok' | 'absent' | 'failed'
  readonly text: string
}

interface DoctorFlags {
  readonly db?: string
  readonly out: string
  readonly json?: boolean
}

/** `isoflop doctor`. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('what a report of a defect needs: versions, machine, what works')
    .description(
      'Looks at what isoflop runs on: versions, processors, memory, ONNX Runtime, SQLite, the database, the disk. It changes nothing, and shows no password and no key.',
    )
    .option('--db <PLACE>', 'a database to look at (default: $DATABASE_URL or isoflop.sqlite)')
    .option('--out <DIR>', 'a folder that is to be written to', '.')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples('isoflop doctor', 'isoflop doctor --db postgres://isoflop@localhost/isoflop --json'))
    .action(runDoctor)
}

async function runDoctor({ db = defaultDatabase(), out, json }: DoctorFlags): Promise<void> {
  const place = shownPlace(db) // refuses what may not be shown
  const findings = [
    { name: 'isoflop', state: 'ok', text: version } as const,
    { name: 'Node', state: 'ok', text: process.version.slice(1) } as const,
    { name: 'system', state: 'ok', text: `${platform()} ${release()}, ${arch()}` } as const,
    { name: 'processors', state: 'ok', text: processorText() } as const,
    { name: 'memory', state: 'ok', text: memoryText() } as const,
    await looked('ONNX Runtime', runtimeText, 'onnxruntime-node'),
    await looked('PNG files', rendererText, '@resvg/resvg-js', 'dejavu-fonts-ttf'),
    await looked('page /docs', pageText, '@fastify/swagger-ui'),
    await looked('workers', queueText, 'pg-boss'),
    await looked('SQLite', sqliteText),
    await looked(`database ${place}`, () => databaseText(db)),
    await looked(`folder ${out}`, async () => folderText(out)),
  ]
  if (json) printJson(Object.fromEntries(findings.map(({ name, ...finding }) => [name, finding])))
  else print(tableOf(findings))
  if (findings.some(({ state }) => state === 'failed')) process.exitCode = 2
  else if (!json) printNext(after.doctor())
}

const signs = { ok: 'ok    ', absent: 'absent', failed: 'FAILED' } as const

function tableOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length))
  return findings
    .map(({ name, state, text }) => [`${signs[state]}  ${name.padEnd(width)}  `, text] as const)
    .flatMap(([about, text]) => findingLines(about, text))
    .join('\n')
}

/** What was found, in lines of the terminal; a command that would not fit has lines of its own. */
export function findingLines(
  about: string,
  text: string,
  width = columnsOf(process.stdout) ?? Number.POSITIVE_INFINITY,
): string[] {
  if (displayWidth(about + text) <= width) return [about + text]
  const [, found, command] = /^(.*?): (np[mx] .*)$/s.exec(text) ?? [text, text]
  const lines = wrap(`${found}${command === undefined ? '' : ':'}`, about, ' '.repeat(8), width)
  return command === undefined ? lines : [...lines, ...brokenLine(command, ' '.repeat(8), width)]
}

/** What a look at something finds. What is optional and not installed is absent, and said how to get. */
async function looked(name: string, look: () => Promise<string>, ...packages: string[]): Promise<Finding> {
  const missing = packages.filter((it) => !optionalPackages.isHere(it))
  if (missing.length > 0)
    return { name, state: 'absent', text: `not installed: ${installing(missing, optionalPackages.home)}` }
  try {
    return { name, state: 'ok', text: await look() }
  } catch (error) {
    return { name, state: 'failed', text: (error as Error).message.split('\n')[0] }
  }
}

function processorText(): string {
  const models = [...new Set(cpus().map(({ model }) => model.trim()))].join(', ')
  return `${availableParallelism()}${models ? `, ${models}` : ''}; load ${loadavg()[0].toFixed(1)}`
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

/** What the process may have: a container has less than its machine. */
const memoryText = (): string => {
  const limit = process.constrainedMemory()
  const mine = limit > 0 && limit < totalmem() ? `, ${gigabytes(limit)} of them for this process` : ''
  return `${gigabytes(totalmem())}${mine}, ${gigabytes(process.availableMemory())} free`
}

async function runtimeText(): Promise<string> {
  const { openEngine } = await import('../gpt/engine.ts')
  const { name, note } = await openEngine({ device: 'cpu', threads: availableParallelism() })
  return note === null ? name : `${name}; ${note}`
}

async function rendererText(): Promise<string> {
  const { renderPng } = await import('../report/draw/png.ts')
  const { length } = await renderPng('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
  return length > 0 ? 'can be drawn' : 'are empty'
}

async function pageText(): Promise<string> {
  await import('@fastify/swagger-ui')
  return 'can be shown'
}

async function queueText(): Promise<string> {
  await import('pg-boss')
  return 'can be given trainings, over PostgreSQL'
}

async function sqliteText(): Promise<string> {
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(':memory:')
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  database.close()
  return version
}

/** Opens no store, which would bring its tables up to date or make a file. */
async function databaseText(place: string): Promise<string> {
  if (isPostgres(place)) {
    const { serverVersion } = await import('../server/store/postgres-version.ts')
    const begun = systemClock.now()
    return `PostgreSQL ${await serverVersion(place)}, answered in ${systemClock.now() - begun} ms`
  }
  if (!existsSync(place)) {
    accessSync(dirname(resolve(place)), constants.W_OK)
    return 'is not there yet'
  }
  accessSync(place, constants.R_OK | constants.W_OK)
  return 'can be read and written'
}

/** Whether a folder takes files, durably, and locks; and how much there is room for. What it makes for that it removes. */
function folderText(out: string): string {
  const there = nearest(resolve(out))
  const tried = mkdtempSync(join(there, '.isoflop-doctor-'))
  try {
    makeFolder(join(tried, 'a'))
    writeWhole(join(tried, 'a', 'file'), 'text')
    const unlock = lock(join(tried, 'a', 'lock'))
    if (unlock === null) throw new Error('a lock that nobody has cannot be taken')
    unlock()
  } finally {
    rmSync(tried, { recursive: true, force: true })
  }
  const roomOf = (folder: string) => {
    const { bavail, bsize } = statfsSync(folder)
    return gigabytes(bavail * bsize)
  }
  return `can be written to and locked, ${roomOf(there)} free; ${roomOf(tmpdir())} for what is temporary`
}

/** The folder itself or the nearest one above it that is there. */
const nearest = (folder: string): string =>
  existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder))
