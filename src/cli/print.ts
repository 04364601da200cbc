import { printable } from '../core/printable.ts'
import { displayWidth, wrap } from '../report/page/width.ts'
import { inLanguage, type Language, words } from '../report/words/words.ts'
import { brokenLine } from './command-line.ts'
import type { Next } from './next.ts'
import { columnsOf, widthOf } from './terminal.ts'

/** The only way to the terminal: what comes from files, servers and databases cannot command it. */

/** Prints lines on standard output. */
export const print = (text: string): void => console.log(printable(text))

/** Prints a sentence, in lines of the terminal, or of $COLUMNS; on one line where nothing says how wide they are. */
export const printLine = (text: string): void =>
  print(wrap(text, '', '  ', columnsOf(process.stdout) ?? Number.POSITIVE_INFINITY).join('\n'))

/** Prints what `report/page/text.ts` made, whose texts are printable and whose titles are bold by a command of ours. */
export const printPage = (text: string): void => console.log(text)

/** Names the files that a command wrote. */
export function printWritten(files: readonly string[], language: Language = 'en'): void {
  if (files.length === 0) return
  const text = inLanguage(language, words).command.wrote(files)
  print(`\n${wrap(text, '', '  ', widthOf(process.stdout)).join('\n')}`)
}

/** Ends a command with the one that comes next, to be copied. */
export const printNext = (next: Next, language?: Language): void => printLeading(nextOf(next, language))

/** The same beside data on standard output, and so where a person looks alone: what runs by itself gets no word that it did not have. */
export const sayNext = (next: Next): void => {
  if (process.stderr.isTTY) sayLeading(nextOf(next))
}

/** Words that end with a command, to be copied. */
export interface Leading {
  readonly lead: string
  readonly command: string
}

export const printLeading = (leading: Leading): void => print(`\n${leadingText(leading, process.stdout)}`)
export const sayLeading = (leading: Leading): void => write(`\n${leadingText(leading, process.stderr)}`)

/** On one line where it fits, or where nothing says how wide lines are; else the command has lines of its own. */
function leadingText({ lead, command }: Leading, stream: NodeJS.WriteStream): string {
  const width = columnsOf(stream) ?? Number.POSITIVE_INFINITY
  if (displayWidth(lead + command) <= width) return lead + command
  return [...wrap(lead.trimEnd(), '', '', width), ...brokenLine(command, '  ', width)].join('\n')
}

const nextOf = ({ lead, command, takesLanguage }: Next, language: Language = 'en'): Leading => ({
  lead: inLanguage(language, words).command.next[lead],
  command: takesLanguage && language !== 'en' ? `${command} --lang ${language}` : command,
})

/** Prints a value as JSON, in which characters that command a terminal are escaped: it means the same. */
export const printJson = (value: unknown): void => console.log(jsonText(value))

// Below 0x20 JSON escapes all by itself.
const jsonText = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Prints data for programs, as they are; on a terminal, where a person looks, so that they do not command it. */
export const printData = (text: string): void => {
  process.stdout.write(process.stdout.isTTY ? printable(text) : text)
}

/** Says something on standard error, in lines of the terminal, or of $COLUMNS; each as it is where nothing says how wide they are. */
export const say = (text: string): void => write(text.split('\n').flatMap(sayable).join('\n'))

function sayable(line: string): string[] {
  const width = columnsOf(process.stderr)
  if (width === undefined || displayWidth(line) <= width) return [line]
  const [indent] = /^ */.exec(line)!
  return wrap(line.slice(indent.length), indent, `${indent}  `, width)
}

function write(text: string): void {
  process.stderr.write(`${printable(text)}\n`)
}
