import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { helpStyle } from '../../src/cli/help.ts'
import { createProgram } from '../../src/cli/main.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-usage-'))
after(() => rmSync(folder, { recursive: true }))

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const main = new URL('../../src/cli/main.ts', import.meta.url).href

const commandsOf = (command: Command, path: readonly string[]): { path: readonly string[]; command: Command }[] => [
  { path, command },
  ...command.commands.flatMap((child) => commandsOf(child, [...path, child.name()])),
]
const all = commandsOf(await createProgram(), [])

/** What several command lines print in one process, one after another, and the status of each. */
function runAll(lines: readonly (readonly string[])[]) {
  const program = `const { main } = await import('${main}')
    const statuses = []
    for (const line of ${JSON.stringify(lines)}) { statuses.push(await main(line)); process.exitCode = undefined }
    console.error('statuses ' + JSON.stringify(statuses))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '1' },
  })
  const [, statuses] = /^statuses (.*)$/m.exec(stderr) ?? assert.fail(stderr)
  return { stdout, stderr, statuses: JSON.parse(statuses) as number[] }
}

test('what is taken where nothing is said is told once, and as a person types it', () => {
  for (const { path, command } of all) {
    const help = command.createHelp()
    Object.assign(help, helpStyle())
    for (const option of command.options) {
      const told = help.optionDescription(option)
      const what = `${path.join(' ')} ${option.flags}: ${told}`
      assert.ok(told.split('(default').length <= 2, what)
      assert.doesNotMatch(told, /default: (?:"|\[|\d{6,})/, what)
      const { defaultValue } = option
      if (typeof defaultValue === 'string' || typeof defaultValue === 'number') assert.match(told, /\(default/, what)
    }
  }
})

test('a command is the same whether it is read alone or with all others', async () => {
  const whole = await createProgram()
  for (const command of whole.commands) {
    if (command.name() === 'completion') continue // made of all commands
    const alone = await createProgram(command.name())
    assert.deepEqual(
      alone.commands.map((only) => only.helpInformation()),
      [command.helpInformation()],
    )
  }
  assert.equal((await createProgram('no-such-command')).commands.length, whole.commands.length)
})

test('every command ends with 2 for an option that it does not have, and says so on stderr alone, without escapes', () => {
  const { stdout, stderr, statuses } = runAll(all.map(({ path }) => [...path, '--no-such-option']))
  assert.deepEqual(new Set(statuses), new Set([2]))
  assert.equal(stdout, '')
  assert.equal(stderr.match(/^error\[BAD_OPTION\]/gm)?.length, all.length)
  assert.ok(!stderr.includes('\u001b'))
})

test('every command ends with 2 for an argument too many or too few', () => {
  const lines = all
    .filter(
      ({ command }) => command.commands.length === 0 && !command.registeredArguments.some(({ variadic }) => variadic),
    )
    .map(({ path, command }) => [...path, ...command.registeredArguments.map(() => 'x'), 'too many'])
  const needy = all
    .filter(({ command }) => command.registeredArguments.some(({ required }) => required))
    .map(({ path }) => path)
  assert.ok(lines.length > 10 && needy.length > 5)
  const { stderr, statuses } = runAll([...lines, ...needy])
  assert.deepEqual(
    statuses.filter((status) => status !== 2),
    [],
    stderr,
  )
})

test('the help of every command ends with 0; a command that only has others shows it and ends with 2; none has escapes', () => {
  const parents = all.filter(({ path, command }) => command.commands.length > 0 && path[0] !== 'campaign')
  const helps = runAll(all.map(({ path }) => [...path, '--help']))
  assert.deepEqual(new Set(helps.statuses), new Set([0]))
  assert.equal(helps.stdout.match(/^Usage: isoflop/gm)?.length, all.length)
  const bare = runAll(parents.map(({ path }) => path))
  assert.deepEqual(new Set(bare.statuses), new Set([2]))
  for (const text of [helps.stdout, helps.stderr, bare.stdout, bare.stderr]) assert.ok(!text.includes('\u001b'))
})

test('help of a command that is not there is an error that names it, below every command that has others', () => {
  const parents = all.filter(({ command }) => command.commands.length > 0)
  const { stdout, stderr, statuses } = runAll(parents.map(({ path }) => [...path, 'help', 'no-such-command']))
  assert.deepEqual([stdout, new Set(statuses)], ['', new Set([2])])
  assert.equal(stderr.match(/^error\[BAD_OPTION\]: Unknown command 'no-such-command'/gm)?.length, parents.length)
})

const terminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

/** What a command writes to a terminal that has colours. */
const shown = (line: string, environment: NodeJS.ProcessEnv) =>
  spawnSync('script', ['-qec', `'${process.execPath}' '${bin}' ${line}`, '/dev/null'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: undefined, ...environment },
  }).stdout

const titled = 'fit world:handout --method surface --resamples 20'

test('NO_COLOR keeps every escape from a terminal that gets some otherwise', {
  skip: terminal ? false : 'there is no script',
}, () => {
  assert.ok(shown(titled, {}).includes('\u001b[1m'))
  const lines = [
    titled,
    'campaign --world seed:7 --budget 2e17 --strategy profiles-lowest --out out',
    'world list',
    'space show cs336',
    'doctor',
    'look missing.csv',
    '--help',
    'fit --no-such-option',
  ]
  for (const line of lines) {
    const written = shown(line, { NO_COLOR: '1' })
    assert.ok(written.length > 20, line)
    assert.ok(!written.includes('\u001b'), `${line}: ${JSON.stringify(written.slice(0, 200))}`)
  }
})
