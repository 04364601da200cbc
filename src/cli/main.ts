import { Command, CommanderError } from 'commander'
import { IsoflopError } from '../core/errors.ts'
import { version } from '../core/version.ts'
import { wrap } from '../report/page/width.ts'
import { campaignCommand } from './campaign.ts'
import { classCommand } from './class.ts'
import { completionCommand } from './completion.ts'
import { corpusCommand } from './corpus.ts'
import { deadlineCommand } from './deadline.ts'
import { doctorCommand } from './doctor.ts'
import { fitCommand } from './fit.ts'
import { gradeCommand } from './grade.ts'
import { examples, helpStyle } from './help.ts'
import { jobsCommand } from './jobs.ts'
import { keysCommand } from './keys.ts'
import { lookCommand } from './look.ts'
import { say } from './print.ts'
import { serveCommand } from './serve.ts'
import { simulateCommand } from './simulate.ts'
import { spaceCommand } from './space.ts'
import { columnsOf } from './terminal.ts'
import { trainCommand } from './train.ts'
import { watchCommand } from './watch.ts'
import { workerCommand } from './worker.ts'
import { worldCommand } from './world.ts'

/** Exit status of a command that the user can mend: a bad option, a bad file. */
const userError = 2

/**
 * Runs the command line `isoflop ...` and returns the exit status: 0, 2 for errors that the user can mend, 1 for defects, 130 where
 * Ctrl-C ended it early (143 for SIGTERM), whatever was still written.
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = createProgram()
  // A reader that has seen enough, as in `isoflop ... | head`, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const status = await program.parseAsync(args, { from: 'user' }).then(
    () => 0,
    (error) => report(error, helpOf(program, args)),
  )
  return typeof process.exitCode === 'number' ? process.exitCode : status // set by a signal, or by what a command found
}

/** All commands. */
export function createProgram(): Command {
  const program = new Command('isoflop')
    .description('Scaling laws for language models: fit them, and practise on a training API of your own.')
    .version(version)
    .exitOverride()
    .configureHelp(helpStyle())
    .configureOutput({ outputError: () => {} }) // reported below, like every other error
    .commandsGroup('Scaling laws:')
    .addCommand(fitCommand())
    .addCommand(lookCommand())
    .addCommand(campaignCommand())
    .addCommand(watchCommand())
    .addCommand(simulateCommand())
    .addCommand(worldCommand())
    .addCommand(spaceCommand())
    .commandsGroup('Training for real:')
    .addCommand(corpusCommand())
    .addCommand(trainCommand())
    .commandsGroup('The training API:')
    .addCommand(serveCommand())
    .addCommand(workerCommand())
    .addCommand(jobsCommand())
    .addCommand(keysCommand())
    .addCommand(classCommand())
    .addCommand(deadlineCommand())
    .addCommand(gradeCommand())
    .commandsGroup('Help:')
    .addCommand(doctorCommand())
    .addCommand(completionCommand())
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
