import { Command } from 'commander'
import { printableLine } from '../core/printable.ts'
import { nonEmbeddingParameters } from '../cs336/parameters.ts'
import { type Grade, gradeSubmissions } from '../server/grade.ts'
import { print, printJson } from './print.ts'
import { defaultDatabase } from './serve.ts'

/** `isoflop grade`. */
export function gradeCommand(): Command {
  return new Command('grade')
    .summary('judge the submitted predictions against the simulated truth')
    .description(
      'Ranks what was sent to POST /submission by regret: the true loss of the configuration at 1e19\n' +
        'FLOPs beyond the best possible; then by the error of the predicted loss. Noise-free nats/token.',
    )
    .option('--db <PLACE>', 'a SQLite file, or postgres://... (default: $DATABASE_URL or isoflop.sqlite)')
    .option('--world <NAME>', 'the world that was served', 'cs336')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  isoflop grade\n  isoflop grade --world seed:7 --json')
    .action(async ({ db, world, json }: { db?: string; world: string; json?: boolean }) => {
      const [{ openStore }, { truthOf }] = await Promise.all([
        import('../server/store/open.ts'),
        import('./backend.ts'),
      ])
      const truth = await truthOf(world)
      const store = await openStore(db ?? defaultDatabase())
      try {
        const grades = gradeSubmissions(await store.listSubmissions(), truth)
        if (json) printJson({ world, bestLoss: truth.bestLoss, grades })
        else print(table(grades, truth.bestLoss))
      } finally {
        await store.close()
      }
    })
}

function table(judged: readonly Grade[], bestLoss: number): string {
  const grades = judged.map((grade) => ({ ...grade, label: printableLine(grade.label) }))
  if (grades.length === 0) return 'No predictions were submitted yet (POST /submission).'
  const width = Math.max(5, ...grades.map(({ label }) => label.length))
  const head = `rank  ${'label'.padEnd(width)}  key           N         loss  regret  predicted    error  attempts  submitted`
  const rows = grades.map(
    ({ rank, label, key, config, trueLoss, regret, predictedLoss, error, attempts, submittedAt }) =>
      [
        String(rank).padStart(4),
        label.padEnd(width),
        key.padEnd(11),
        nonEmbeddingParameters(config.dModel, config.numLayers).toExponential(2).replace('e+', 'e').padStart(7),
        trueLoss.toFixed(4).padStart(7),
        regret.toFixed(4),
        predictedLoss.toFixed(4).padStart(9),
        `${error < 0 ? '' : '+'}${error.toFixed(4)}`,
        String(attempts).padStart(8),
        new Date(submittedAt).toISOString(),
      ].join('  '),
  )
  return [`The best loss at 1e19 FLOPs is ${bestLoss.toFixed(4)}.`, '', head, ...rows].join('\n')
}
