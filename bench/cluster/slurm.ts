import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { slurmTrainer } from '../../src/launch/slurm-trainer.ts'
import { configOf, space } from '../../test/launch/programs.ts'
import { noSlurm, startSlurm } from '../../test/slurm/cluster.ts'
import { inRounds, type Section, type SectionOptions, timed } from './section.ts'

const jobs = 24
const execute = promisify(execFile)

/** What handing a run to Slurm costs beside sbatch: many jobs at once, as a round is submitted. */
export const section: Section = {
  about: `${jobs} jobs handed at once to a Slurm of one node, munge and no accounting, beside as many calls of sbatch`,
  async measure({ rounds }: SectionOptions) {
    if (noSlurm !== false) return noSlurm
    const cluster = await startSlurm()
    process.env.SLURM_CONF = cluster.env.SLURM_CONF
    const folder = mkdtempSync(join(tmpdir(), 'isoflop-bench-'))
    const script = join(folder, 'job.sh')
    writeFileSync(script, '#!/bin/sh\nexit 0\n')
    try {
      const bare = await inRounds(rounds, async () => {
        const submits = () => execute('sbatch', ['--parsable', '--hold', '--output=/dev/null', script])
        const ms = (await timed(() => Promise.all(Array.from({ length: jobs }, submits)))) / jobs
        cluster.run('scancel', '--me')
        return ms
      })
      const whole = await inRounds(rounds, async (round) => {
        const ms = (await timed(() => submitAll(join(folder, String(round))))) / jobs
        cluster.run('scancel', '--me')
        return ms
      })
      return [
        { what: 'sbatch by itself, a job', unit: 'ms', values: bare },
        { what: 'a run by --slurm --detach', unit: 'ms', values: whole },
        {
          what: 'overhead of each run',
          unit: 'ms',
          values: whole.map((ms, round) => ms - bare[round]),
          aim: { below: 20 },
        },
      ]
    } finally {
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function submitAll(folder: string): Promise<void> {
  const trainer = slurmTrainer({
    command: 'true {folder}',
    folder,
    space,
    slurm: '--hold',
    parallel: jobs,
    isDetached: true,
  })
  const outcomes = await Promise.all(
    Array.from({ length: jobs }, (_, job) => trainer.train(configOf(64, 1e11 * (1 + job / jobs)))),
  )
  const strange = outcomes.find(({ kind }) => kind !== 'interrupted')
  if (strange) throw new Error(strange.kind)
}
