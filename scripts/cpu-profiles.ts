/**
 * Trains IsoFLOP profiles for real, by the command that anyone would use, and collects their records:
 *
 *     node bin/node24.js scripts/cpu-profiles.ts --corpus DIR --runs DIR [--parallel 2] [--out data/cpu-isoflops.jsonl]
 *
 * Two trainings of one thread each use two cores better than one of two threads does: these models are small. Ctrl-C and the same
 * command go on where it was. With `--extra D,L,FLOPS` (repeated) other configurations are trained by the same rule, into --out alone.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { batchSize, type Model, profiles, usualRate } from './cpu-profiles-design.ts'

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    runs: { type: 'string', default: 'runs' },
    parallel: { type: 'string', default: '2' },
    out: { type: 'string', default: 'data/cpu-isoflops.jsonl' },
    extra: { type: 'string', multiple: true, default: [] },
  },
})
const { corpus } = values
if (corpus === undefined) throw new Error('--corpus names the corpus to train on')

const command = fileURLToPath(new URL('../bin/isoflop.js', import.meta.url))
const extra = values.extra.map((text): Model => {
  const [dModel, numLayers, trainFlops] = text.split(',').map(Number)
  return { dModel, numLayers, trainFlops, learningRate: usualRate(dModel) }
})
const models = extra.length > 0 ? extra : profiles

/** The record of a model, trained now if it is not there yet. */
async function train(model: Model): Promise<string> {
  const { dModel, numLayers, trainFlops, learningRate } = model
  const folder = join(values.runs, `${flopsText(trainFlops)}-${dModel}x${numLayers}-${learningRate}`)
  const record = join(folder, 'record.jsonl')
  if (!existsSync(record)) {
    const options = {
      corpus,
      'd-model': dModel,
      'num-layers': numLayers,
      'num-heads': Math.max(1, Math.floor(dModel / 16)),
      'batch-size': batchSize,
      'learning-rate': learningRate,
      'train-flops': trainFlops,
      threads: 1,
      out: folder,
    }
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])
    await finished([command, 'train', ...words, '--resume'])
  }
  const line = readFileSync(record, 'utf8').trim()
  const { parameters, tokens, loss } = JSON.parse(line)
  console.log(
    `${flopsText(trainFlops)}  ${dModel} x ${numLayers}  rate ${learningRate}  N ${parameters}  D ${tokens}  ${loss.validation}`,
  )
  return line
}

const flopsText = (C: number): string => C.toExponential().replace('+', '')

function finished(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (text) => {
      said = `${said}${text}`.slice(-2000)
    })
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')}: ${said}`))))
  })
}

const lines = new Array<string>(models.length)
let next = 0
const worker = async () => {
  while (next < models.length) {
    const i = next++
    lines[i] = await train(models[i])
  }
}
await Promise.all(Array.from({ length: Number(values.parallel) }, worker))
writeFileSync(values.out, `${lines.join('\n')}\n`)
console.log(`${models.length} runs in ${values.out}`)
