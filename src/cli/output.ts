import { realpathSync, type Stats, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder, writeWhole } from '../core/durable.ts'
import { outputFailed } from '../core/errors.ts'

/**
 * Writes a result, making the folders that it needs: whole or, as on a full disk, not at all, so that what was there stays. A pipe or a
 * device, such as /dev/stdout, is written to as it is. Errors: OUTPUT_FAILED.
 */
export async function writeOutput(file: string, content: string | Uint8Array): Promise<void> {
  try {
    makeFolder(dirname(file))
    const there = statOf(file)
    if (there === null) writeWhole(file, content)
    else if (there.isFile()) writeWhole(realpathSync(file), content, there.mode & 0o777)
    else await writeFile(file, content)
  } catch (error) {
    throw outputFailed(file, error, 'Name a place that exists and can be written to.')
  }
}

/** What is at a place, behind links too; null where nothing is. */
const statOf = (file: string): Stats | null => statSync(file, { throwIfNoEntry: false }) ?? null
