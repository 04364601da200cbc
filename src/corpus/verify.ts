import { join } from 'node:path'
import type { Corpus } from './corpus.ts'
import { invalidCorpus, splitNames } from './manifest.ts'
import { fileSha256 } from './shards.ts'

/** Reads every file of a corpus and compares its hash with the manifest's. Errors: CORPUS_INVALID naming the first that differs. */
export async function verifyCorpus({ dir, manifest }: Corpus): Promise<void> {
  const files = [manifest.tokenizer, ...splitNames.flatMap((split) => manifest[split].shards)]
  for (const { file, sha256 } of files) {
    const path = join(dir, file)
    if ((await hashOf(path)) !== sha256) throw invalidCorpus(`${path} is not what was written: its SHA-256 differs`)
  }
}

async function hashOf(path: string): Promise<string> {
  try {
    return await fileSha256(path)
  } catch (cause) {
    throw invalidCorpus(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`)
  }
}
