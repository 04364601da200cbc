import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { outputFailed } from '../core/errors.ts'

/** Writes a result, making the folders that it needs. Errors: OUTPUT_FAILED. */
export async function writeOutput(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  } catch (error) {
    throw outputFailed(file, error, 'Name a place that exists and can be written to.')
  }
}
