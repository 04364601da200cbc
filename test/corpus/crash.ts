/** Prepares a corpus in a process of its own, for a test to kill: `node crash.ts FOLDER INPUT...`. */
import { type PrepareStep, prepareCorpus } from '../../src/corpus/prepare.ts'
import { options } from './options.ts'

const [folder, ...inputs] = process.argv.slice(2)
const marks = { shardTokens: 20_000, markBytes: 20_000 }

/** Slowly, so that there is a moment to kill it in. */
function onStep({ name, done }: PrepareStep): void {
  process.stdout.write(`${name} ${done}\n`)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.5)
}

await prepareCorpus({ inputs, folder, options, maxCorrupt: 0, ...marks, onStep })
