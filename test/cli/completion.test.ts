import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Command } from 'commander'
import { completionScript } from '../../src/cli/completion.ts'
import { createProgram } from '../../src/cli/main.ts'

const program = createProgram()
const folder = mkdtempSync(join(tmpdir(), 'isoflop-completion-'))
after(() => rmSync(folder, { recursive: true }))

/** Every command with what is typed to get there. */
const commandsOf = (command: Command, path: readonly string[]): [Command, readonly string[]][] => [
  [command, path],
  ...command.commands.flatMap((child) => commandsOf(child, [...path, child.name()])),
]
const all = commandsOf(program, ['isoflop'])

const has = (shell: string) => (spawnSync(shell, ['-c', 'true']).status === 0 ? false : `${shell} is not here`)

/** What bash offers behind words that were typed, the last of which may be begun only. */
function offered(asked: readonly (readonly string[])[]): string[][] {
  const script = join(folder, 'isoflop.bash')
  writeFileSync(script, completionScript('bash', program))
  const ask = asked.map(
    (words) =>
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _isoflop; echo "\${COMPREPLY[*]}"`,
  )
  const { stdout, stderr, status } = spawnSync(
    'bash',
    ['--norc', '-c', `set -u; source ${script}; ${ask.join('\n')}`],
    {
      encoding: 'utf8',
    },
  )
  assert.deepEqual([status, stderr], [0, ''])
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').filter(Boolean))
}

test('bash offers the commands and the options of every command', { skip: has('bash') }, () => {
  assert.ok(all.length > 25)
  const offers = offered(all.map(([, path]) => [...path, '']))
  for (const [k, [command, path]] of all.entries())
    assert.deepEqual(
      offers[k],
      [
        ...command
          .createHelp()
          .visibleCommands(command)
          .map((child) => child.name()),
        ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
        ...command
          .createHelp()
          .visibleOptions(command)
          .map(({ long, short }) => long ?? short),
      ],
      path.join(' '),
    )
})

test('bash completes what was begun, and files behind an option with a value', { skip: has('bash') }, () => {
  const [begun, option, shells, file, behind, unknown] = offered([
    ['isoflop', 'ke'],
    ['isoflop', 'fit', '--tar'],
    ['isoflop', 'completion', 'z'],
    ['isoflop', 'fit', '--report', ''],
    ['isoflop', 'fit', 'runs.csv', '--report', 'out.html', '--js'],
    ['isoflop', 'fit', 'ke'],
  ])
  assert.deepEqual(begun, ['keys'])
  assert.deepEqual(option, ['--target'])
  assert.deepEqual(shells, ['zsh'])
  assert.deepEqual(file, [])
  assert.deepEqual(behind, ['--json'])
  assert.deepEqual(unknown ?? [], [])
})

for (const shell of ['zsh', 'fish'] as const) {
  const script = completionScript(shell, program)

  test(`the script of ${shell} has every command and option`, () => {
    for (const [command, path] of all) {
      const lines = script.split('\n').filter((line) => line.includes(path.join(' ')))
      for (const { long } of command.createHelp().visibleOptions(command))
        if (long)
          assert.ok(
            lines.some((line) => line.includes(shell === 'fish' ? `-l ${long.slice(2)} ` : `'${long}:`)),
            long,
          )
    }
  })

  test(`${shell} can read its script`, { skip: has(shell) }, () => {
    const file = join(folder, `isoflop.${shell}`)
    writeFileSync(file, script)
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''])
  })
}
