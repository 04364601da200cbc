import { statSync } from 'node:fs'
import { IsoflopError } from '../core/errors.ts'
import { loadSource } from '../input/source.ts'
import { checkKey } from '../server/keys.ts'
import { say } from './print.ts'

interface KeyFlags {
  readonly key?: readonly string[]
  readonly keyFile?: string | undefined
}

/**
 * The keys that a command was given, all checked: on the command line, which others on the machine see; in a file, one a line; in an
 * environment variable, between blanks. Errors: BAD_OPTION for a text that is no key, and those of reading the file.
 */
export async function givenKeys({ key = [], keyFile }: KeyFlags, variable = ''): Promise<string[]> {
  const keys = [...key, ...(keyFile === undefined ? [] : await keysIn(keyFile)), ...wordsOf(variable)]
  for (const given of keys) checkKey(given)
  return keys
}

interface ApiKeyFlags {
  readonly apiKey?: string
  readonly apiKeyFile?: string
}

/** The one key for somebody's API: of the command line, a file or an environment variable. Errors: BAD_OPTION. */
export async function givenApiKey({ apiKey, apiKeyFile }: ApiKeyFlags, variable = ''): Promise<string> {
  if (apiKey !== undefined && apiKeyFile !== undefined)
    throw new IsoflopError('BAD_OPTION', '--api-key and --api-key-file exclude each other.', 'Give one of them.')
  const keys = apiKeyFile === undefined ? [apiKey ?? variable] : await keysIn(apiKeyFile)
  if (keys.length !== 1)
    throw new IsoflopError(
      'BAD_OPTION',
      `--api-key-file has ${keys.length} words, expected one key.`,
      'Leave the key alone in it.',
    )
  if (keys[0] !== '') return keys[0]
  throw new IsoflopError('BAD_OPTION', '--api needs a key.', 'Give --api-key-file FILE, or set ISOFLOP_API_KEY.')
}

async function keysIn(file: string): Promise<string[]> {
  const { bytes } = await loadSource(file, process.stdin)
  if (file !== '-' && process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    say('note: others on this machine may read the file of keys; chmod 600 keeps them out')
  return wordsOf(bytes.toString('utf8'))
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')
