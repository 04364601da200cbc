import { Command, CommanderError } from 'commander'
import { IsoflopError } from '../core/errors.ts'
import { version } from '../core/version.ts'
import { wrap } from '../report/page/width.ts'
import { examples, helpStyle } from './help.ts'
import { say } from './print.ts'
import { columnsOf } from './terminal.ts'

/** Exit status of a command that the user can mend: a bad option, a bad file. */
const userError = 2

/**
 * Runs the command line `isoflop ...` and returns the exit status: 0, 2 for errors that the user can mend, 1 for defects, 130 where
 * Ctrl-C ended it early (143 for SIGTERM), whatever was still written.
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = await createProgram(args[0])
  // A reader that has seen enough, as in `isoflop ... | head`, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const status = await parse(program, args).then(
    () => 0,
    (error) => report(error, helpOf(program, args)),
  )
  return typeof process.exitCode === 'number' ? process.exitCode : status // set by a signal, or by what a command found
}

async function parse(program: Command, args: readonly string[]): Promise<void> {
  expectHelpIsThere(program, args)
  await program.parseAsync(args, { from: 'user' })
}

/** That `help` is asked of a command that there is: commander shows another help instead. Errors: BAD_OPTION. */
function expectHelpIsThere(program: Command, args: readonly string[]): void {
  const at = args.indexOf('help')
  const wanted = args[at + 1]
  if (at < 0 || wanted === undefined || wanted.startsWith('-')) return
  const parent = commandOf(program, args.slice(0, at))
  if (parent === null || parent.commands.length === 0 || parent.commands.some((child) => child.name() === wanted))
    return
  throw new CommanderError(userError, 'commander.unknownCommand', `error: unknown command '${wanted}'`)
}

/** The command that words name, one below another; null where they name none. */
const commandOf = (program: Command, words: readonly string[]): Command | null =>
  words.reduce<Command | null>(
    (command, word) => command?.commands.find((child) => child.name() === word) ?? null,
    program,
  )

type Load = () => Promise<Command>

/** The commands in the order of the help, by groups. */
const groups: Readonly<Record<string, Readonly<Record<string, Load>>>> = {
  'Scaling laws:': {
    fit: async () => (await import('./fit.ts')).fitCommand(),
    look: async () => (await import('./look.ts')).lookCommand(),
    campaign: async () => (await import('./campaign.ts')).campaignCommand(),
    watch: async () => (await import('./watch.ts')).watchCommand(),
    simulate: async () => (await import('./simulate.ts')).simulateCommand(),
    world: async () => (await import('./world.ts')).worldCommand(),
    space: async () => (await import('./space.ts')).spaceCommand(),
  },
  'Training for real:': {
    corpus: async () => (await import('./corpus.ts')).corpusCommand(),
    train: async () => (await import('./train.ts')).trainCommand(),
  },
  'The training API:': {
    serve: async () => (await import('./serve.ts')).serveCommand(),
    worker: async () => (await import('./worker.ts')).workerCommand(),
    jobs: async () => (await import('./jobs.ts')).jobsCommand(),
    keys: async () => (await import('./keys.ts')).keysCommand(),
    class: async () => (await import('./class.ts')).classCommand(),
    deadline: async () => (await import('./deadline.ts')).deadlineCommand(),
    grade: async () => (await import('./grade.ts')).gradeCommand(),
  },
  'Help:': {
    doctor: async () => (await import('./doctor.ts')).doctorCommand(),
    completion: async () => (await import('./completion.ts')).completionCommand(),
  },
}

const names = Object.values(groups).flatMap(Object.keys)

/** Whether a command line that begins with this word needs no command but the one of this name; completions are of them all. */
const isAlone = (word = ''): boolean =>
  word === '--version' || word === '-V' || (word !== 'completion' && names.includes(word))

/**
 * All commands; only the one that is `wanted` where it needs no other, because reading all of them takes longer than most
 * commands do.
 */
export async function createProgram(wanted?: string): Promise<Command> {
  const program = new Command('isoflop')
    .description('Scaling laws for language models: fit them, and practise on a training API of your own.')
    .version(version)
    .exitOverride()
    .configureHelp(helpStyle())
    .configureOutput({ outputError: () => {} }) // reported below, like every other error
  const isAll = !isAlone(wanted)
  for (const [title, commands] of Object.entries(groups)) {
    program.commandsGroup(title)
    for (const [name, load] of Object.entries(commands)) if (isAll || name === wanted) program.addCommand(await load())
  }
  program
    .commandsGroup('Help:')
    .helpCommand('help [command]', 'the help of a command')
    .addHelpText(
      'after',
      examples(
        'isoflop fit world:handout --target 1e23,1e24',
        'isoflop campaign --world seed:7',
        'isoflop serve',
        'isoflop fit --help',
      ),
    )
    .showHelpAfterError(false)
  inheritSettings(program)
  return program
}

/** Hands the settings down to every command, those of `keys` and `world` too, so that all errors end in `report`. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) inheritSettings(command.copyInheritedSettings(parent))
}

/** The help of the command that was given, as far as it is one. */
function helpOf(program: Command, args: readonly string[]): string {
  const words = ['isoflop']
  let command: Command | undefined = program
  for (const word of args) {
    command = command.commands.find((child) => child.name() === word)
    if (command === undefined) break
    words.push(word)
  }
  return `${words.join(' ')} --help`
}

/** Tells the user about an error, on stderr, and gives its exit status. */
function report(error: unknown, help: string): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help') return userError // no command was named: the help is already printed
    write('BAD_OPTION', sentence(error.message.replace(/^error: /, '').replaceAll('\n', ' ')), `See "${help}".`)
    return userError
  }
  if (error instanceof IsoflopError) {
    write(error.code, error.message, error.advice)
    return userError
  }
  write(
    'INTERNAL',
    error instanceof Error ? error.message : String(error),
    'This is a defect of isoflop. Please report it with the command you ran and what isoflop doctor prints.',
  )
  if (process.env.ISOFLOP_DEBUG && error instanceof Error) say(String(error.stack))
  else say('  ISOFLOP_DEBUG=1 shows where it happened.')
  return 1
}

/** One line for the error and one for the advice, which a terminal gets in as many as it needs. */
function write(code: string, message: string, advice: string): void {
  const width = columnsOf(process.stderr) ?? Number.POSITIVE_INFINITY
  const lines = [...wrap(`error[${code}]: ${message}`, '', '  ', width), ...wrap(advice, '  ', '  ', width)]
  say(lines.join('\n'))
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, '.')
