import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandTrainer } from '../../src/launch/command-trainer.ts'
import { answer, configOf, space } from '../../test/launch/programs.ts'
import { inRounds, type Section, type SectionOptions, timed } from './section.ts'

const runs = 40

/** What a run costs beside its program: the same program by a plain spawn, and as `--run` starts it. */
export const section: Section = {
  about: `--run, ${runs} runs one after another of a program that answers at once`,
  async measure({ rounds }: SectionOptions) {
    const folder = mkdtempSync(join(tmpdir(), 'isoflop-bench-'))
    const script = join(folder, 'program.sh')
    writeFileSync(script, answer())
    try {
      const bare = await inRounds(rounds, () => eachBare(script, folder))
      const whole = await inRounds(rounds, (round) => eachRun(script, join(folder, String(round))))
      return [
        { what: 'the program by itself', unit: 'ms', values: bare },
        { what: 'a run of it by --run', unit: 'ms', values: whole },
        {
          what: 'overhead of each run',
          unit: 'ms',
          values: whole.map((ms, round) => ms - bare[round]),
          aim: { below: 30 },
        },
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

const eachBare = async (script: string, folder: string): Promise<number> =>
  (await timed(async () => {
    for (let run = 0; run < runs; run++) {
      const place = join(folder, `bare-${run}`)
      mkdirSync(place, { recursive: true })
      await once(spawn('sh', ['-c', `sh '${script}' '${place}'`], { stdio: 'ignore' }), 'exit')
    }
  })) / runs

async function eachRun(script: string, folder: string): Promise<number> {
  const trainer = commandTrainer({ command: `sh '${script}' {folder}`, folder, space })
  const took = await timed(async () => {
    for (let run = 0; run < runs; run++) {
      const outcome = await trainer.train(configOf(64, 1e11 * (1 + run / runs)))
      if (outcome.kind !== 'finished') throw new Error(outcome.kind)
    }
  })
  return took / runs
}
