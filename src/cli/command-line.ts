import { quoted } from '../core/shell-word.ts'
import { displayWidth } from '../report/page/width.ts'

/** A command as it is typed. */
export const typed = (...words: readonly string[]): string => ['isoflop', ...words].map(quoted).join(' ')

/** What was typed behind `isoflop`. */
export const given = (): string[] => process.argv.slice(2)

/** The words of a shell's line, each with its quotes. */
const shellWords = (line: string): string[] => line.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g) ?? []

/**
 * A line of a shell in lines of at most `width` columns where its words allow it: each but the last ends with a backslash, and none
 * within quotes, where a shell would read the backslash as it is.
 */
export function brokenLine(line: string, indent: string, width: number): string[] {
  const lines: string[] = []
  for (const word of shellWords(line)) {
    const longer = lines.length === 0 ? indent + word : `${lines[lines.length - 1]} ${word}`
    if (lines.length === 0) lines.push(longer)
    else if (displayWidth(longer) <= width - 2) lines[lines.length - 1] = longer
    else lines.push(`${indent}    ${word}`)
  }
  return lines.map((part, k) => (k < lines.length - 1 ? `${part} \\` : part))
}

/** The command that was given, without the API key. */
export function commandLine(args: readonly string[]): string {
  const words = args.map((word, i) => {
    if (args[i - 1] === '--api-key') return 'KEY'
    return word.replace(/^--api-key=.*/s, '--api-key=KEY')
  })
  return typed(...words)
}
