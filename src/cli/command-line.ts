/** A word of a command line as a shell would need it. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** A command as it is typed. */
export const typed = (...words: readonly string[]): string => ['isoflop', ...words].map(quoted).join(' ')

/** The command that was given, without the API key. */
export function commandLine(args: readonly string[]): string {
  const words = args.map((word, i) => {
    if (args[i - 1] === '--api-key') return 'KEY'
    return word.replace(/^--api-key=.*/s, '--api-key=KEY')
  })
  return typed(...words)
}
