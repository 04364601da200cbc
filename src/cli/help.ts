import type { Help } from 'commander'
import { wrap } from '../report/page/width.ts'
import { brokenLine } from './command-line.ts'
import { widthOf } from './terminal.ts'

/** Text below a command's options, at the width of the terminal. */
type HelpText = () => string

const joined = (blocks: readonly (readonly string[])[]): string =>
  blocks.map((lines) => `\n${lines.join('\n')}`).join('\n')

/** Commands to copy, each beginning a line of its own: one that is too long goes on behind a backslash, as a shell reads it. */
export const examples =
  (...commands: readonly string[]): HelpText =>
  () =>
    joined([['Examples:', ...commands.flatMap(exampleLines)]])

/** What options alone cannot say, in paragraphs; `shown` are commands that belong to it. */
export const notes =
  (text: string, ...shown: readonly string[]): HelpText =>
  () =>
    joined([[...wrap(text, '', '', widthOf(process.stdout)), ...shown.flatMap(exampleLines)]])

const exampleLines = (command: string): string[] => brokenLine(command, '  ', widthOf(process.stdout))

/** What is taken where nothing is said, once: a description that says it has better words than the value. */
const withDefault = (description: string, value: unknown): string =>
  (typeof value === 'string' || typeof value === 'number') && !description.includes('(default')
    ? `${description} (default: ${value})`
    : description

/** How commander writes help: as wide as the terminal, whatever lines a description has in the source. */
export const helpStyle = (): Partial<Help> => ({
  helpWidth: widthOf(process.stdout),
  minWidthToWrap: 20,
  commandDescription: (command) => command.description().replaceAll('\n', ' '),
  optionDescription: ({ description, defaultValue }) => withDefault(description, defaultValue),
  argumentDescription: ({ description, defaultValue }) => withDefault(description, defaultValue),
})
