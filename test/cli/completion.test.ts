import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Command } from 'commander'
import { completionScript } from '../../src/cli/completion.ts'
import { createProgram } from '../../src/cli/main.ts'

const program = await createProgram()
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

/** What a command's place offers, as far as it begins with a text. */
const wordsAt = (command: Command, begun: '' | '-'): string[] => {
  const help = command.createHelp()
  const names = [
    ...help.visibleCommands(command).map((child) => child.name()),
    ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  ]
  const options = help.visibleOptions(command).map(({ long, short }) => long ?? short ?? '')
  return (begun === '-' ? options : names).sort()
}

const takesFiles = (command: Command) => command.registeredArguments.some(({ argChoices }) => argChoices === undefined)

const here = join(folder, 'here')
mkdirSync(here)
writeFileSync(join(here, 'a-file.csv'), '')

/** Lets a fish without a configuration complete lines. */
function offeredByFish(lines: readonly string[]): string[][] {
  const script = join(folder, 'isoflop.fish')
  writeFileSync(script, completionScript('fish', program))
  const ask = lines.map((line) => `complete -C "${line}" | string split -f 1 -- \\t; echo ended`)
  const { stdout, stderr, status } = spawnSync('fish', ['--no-config', '-c', [`source ${script}`, ...ask].join('\n')], {
    cwd: here,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  })
  assert.deepEqual([status, stderr], [0, ''])
  return stdout
    .split('ended\n')
    .slice(0, -1)
    .map((part) => part.split('\n').filter(Boolean))
}

/** A zsh at a terminal of its own: what is offered is printed, a match a line, and the line is cleared. */
const zshSetting = `PROMPT= RPROMPT=
autoload -Uz compinit; compinit -D -u
source "$1"
compadd() {
  builtin compadd "$@"; local ended=$?
  if [[ " \${@[1,(i)(-|--)]}" != *" -"(O|A|D)" "* ]]; then
    local -a hits; builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- "offer "$^hits
  fi
  return ended
}
offers() { zle complete-word; print -r -- "offer ed"; BUFFER= }
zle -N offers; bindkey '^T' offers
print rea"d"y
`
const zshAsking = `zmodload zsh/zpty || exit 1
zpty shell zsh -f -i
zpty -w shell "source $1 $2"
until [[ $line == *ready* ]]; do zpty -r shell line || exit 1; done
shift 2
for typed in "$@"; do
  zpty -w -n shell "$typed"$'\x14'
  line=
  until [[ $line == *'offer ed'* ]]; do zpty -r shell line || exit 1; print -r -- "$line"; done
done
`

function offeredByZsh(lines: readonly string[]): string[][] {
  const [script, setting, asking] = ['_isoflop', 'setting.zsh', 'asking.zsh'].map((name) => join(folder, name))
  writeFileSync(script, completionScript('zsh', program))
  writeFileSync(setting, zshSetting)
  writeFileSync(asking, zshAsking)
  const { stdout, stderr, status } = spawnSync('zsh', ['-f', asking, setting, script, ...lines], {
    cwd: here,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder, TERM: 'dumb' },
    timeout: 120_000,
  })
  assert.deepEqual([status, stderr], [0, ''], stdout)
  return stdout
    .split('offer ed')
    .slice(0, -1)
    .map((part) => [...part.matchAll(/offer (\S+)/g)].map(([, word]) => word))
}

for (const [shell, ask] of [
  ['zsh', offeredByZsh],
  ['fish', offeredByFish],
] as const) {
  test(`the script of ${shell} has every command and option`, () => {
    const script = completionScript(shell, program)
    for (const [command, path] of all) {
      const lines = script.split('\n').filter((line) => line.includes(path.join(' ')))
      for (const word of wordsAt(command, '-')) {
        const written =
          shell === 'zsh' ? `'${word}:` : ` ${word.startsWith('--') ? '-l' : '-s'} ${word.replace(/^-+/, '')} `
        assert.ok(
          lines.some((line) => line.includes(written)),
          word,
        )
      }
    }
  })

  test(`${shell} can read its script`, { skip: has(shell) }, () => {
    const file = join(folder, `isoflop.${shell}`)
    writeFileSync(file, completionScript(shell, program))
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''])
  })

  test(`${shell} offers the commands and the options of every command, and files where they may be`, {
    skip: has(shell),
  }, () => {
    const names = ask(all.map(([, path]) => `${path.join(' ')} `))
    const options = ask(all.map(([, path]) => `${path.join(' ')} -`))
    for (const [k, [command, path]] of all.entries()) {
      const files = takesFiles(command) ? ['a-file.csv'] : []
      assert.deepEqual(
        [...new Set(names[k])].filter((word) => !word.startsWith('-')).sort(),
        [...files, ...wordsAt(command, '')].sort(),
        `${path.join(' ')}: names`,
      )
      assert.deepEqual([...new Set(options[k])].sort(), wordsAt(command, '-'), `${path.join(' ')}: options`)
    }
  })

  test(`${shell} completes what was begun, and files behind an option with a value`, { skip: has(shell) }, () => {
    const lines = [
      'isoflop ke',
      'isoflop fit --tar',
      'isoflop completion z',
      'isoflop fit --report a',
      'isoflop keys zz',
    ]
    const [begun, option, shells, file, unknown] = ask(lines)
    assert.deepEqual([begun, option, shells], [['keys'], ['--target'], ['zsh']])
    assert.deepEqual([[...new Set(file)], unknown], [['a-file.csv'], []])
  })
}
