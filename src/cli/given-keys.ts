import { statSync } from 'node:fs'
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

async function keysIn(file: string): Promise<string[]> {
  const { bytes } = await loadSource(file, process.stdin)
  if (file !== '-' && process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    say('note: others on this machine may read the file of keys; chmod 600 keeps them out')
  return wordsOf(bytes.toString('utf8'))
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')
