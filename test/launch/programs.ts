import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type CommandTrainerOptions, commandTrainer } from '../../src/launch/command-trainer.ts'
import type { RunEvent } from '../../src/launch/folder-trainer.ts'
import { spaceOfDocument } from '../../src/space/file.ts'

/** Models that a processor trains in seconds. */
export const spaceDocument = {
  name: 'tiny',
  shapes: { d_model: { from: 32, to: 256 }, num_layers: { from: 1, to: 8 }, head_dim: 16, flops: '6N+head' },
  vocabulary: 512,
  context: 128,
  batch: { unit: 'sequences', sizes: [4, 8, 16] },
  learning_rate: { from: 1e-3, to: 3e-2 },
  train_flops: { from: 1e10, to: 1e12 },
  budget: 1e12,
  target: { flops: 1e13 },
  constants: { data: "it's $mine", fused: true },
}
export const space = spaceOfDocument(spaceDocument, 'tiny')

/** A configuration, other than those of other widths. */
export const configOf = (dModel = 64, trainFlops = 1e11) => ({
  ...{ dModel, numLayers: 2, numHeads: dModel / 16 },
  ...{ batchSize: 4, learningRate: 0.008, trainFlops },
})

/** A folder of the test, and a trainer in it that runs a program of the shell, whose folder is `$1`. */
export function programs(name: string) {
  const folder = mkdtempSync(join(tmpdir(), `isoflop ${name}-`))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const script = join(folder, 'program.sh')
  const write = (text: string) => writeFileSync(script, text)
  return {
    folder,
    script,
    /** Puts another program in the place of the one before. */
    write,
    trainer(text: string, options: Partial<CommandTrainerOptions> = {}) {
      write(text)
      const events: RunEvent[] = []
      const onEvent = (event: RunEvent) => events.push(event)
      const command = `sh '${script}' {folder}`
      return { ...commandTrainer({ command, folder, space, onEvent, ...options }), events }
    },
    read: (place: string) => readFileSync(join(folder, place), 'utf8'),
  }
}

/** Text of the shell that leaves a result as one should. */
export const answer = (result = '{"loss": 3.21}') =>
  `printf '%s' '${result}' >"$1/result.new" && mv "$1/result.new" "$1/result.json"`
