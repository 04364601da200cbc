import { IsoflopError } from '../core/errors.ts'

export type Values = Readonly<Record<string, number | string | boolean>>

/** `{{name}}` stands for itself without the outer braces, `${name}` is the shell's. */
const placeholder = /\{\{(\w+)\}\}|(?<!\$)\{([A-Za-z_]\w*)\}/g

/**
 * A command with its placeholders filled in, quoted for the shell.
 * @example filled('python train.py --width {d_model}', { d_model: 64 }) // 'python train.py --width 64'
 */
export const filled = (command: string, values: Values): string =>
  command.replace(placeholder, (_, literal: string | undefined, name: string) =>
    literal === undefined ? quoted(String(values[name])) : `{${literal}}`,
  )

/** Text as one word of the shell. */
export const quoted = (text: string): string =>
  /^[A-Za-z0-9_.,+/:=@%-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/**
 * Checks a command before anything is run.
 * @throws IsoflopError BAD_OPTION where it is empty or has a placeholder that nothing is known for, which lists them all.
 */
export function checkCommand(command: string, known: readonly string[]): void {
  if (command.trim() === '' || command.includes('\0'))
    throw new IsoflopError(
      'BAD_OPTION',
      '--run is empty, expected a command for the shell.',
      "For example: --run 'python train.py {folder}'",
    )
  const strange = [...command.matchAll(placeholder)].find(([, , name]) => name !== undefined && !known.includes(name))
  if (strange === undefined) return
  throw new IsoflopError(
    'BAD_OPTION',
    `--run has the placeholder ${strange[0]}, expected some of: ${known.map((name) => `{${name}}`).join(', ')}.`,
    `Braces that are meant for the program are written twice: {${strange[0]}}.`,
  )
}

/** The same values as variables of the environment: `ISOFLOP_D_MODEL=64`. */
export const environment = (values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`ISOFLOP_${name.toUpperCase()}`, String(value)]))
