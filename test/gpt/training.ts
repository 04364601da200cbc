/** A process that trains in a folder and tells every step: `node training.ts FOLDER STEPS`. run.test.ts kills it. */
import { run } from '../../src/gpt/run.ts'
import { tinyRun } from './runs.ts'

const [folder, steps] = process.argv.slice(2)
const onStep = ({ step }: { step: number }) => process.stdout.write(`${step}\n`)
const { kind } = await run(tinyRun(folder, Number(steps), { onStep }))
process.stdout.write(`${kind}\n`)
