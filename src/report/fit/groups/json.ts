import type { Diagnostic } from '../../../core/diagnostic.ts'
import type { GroupsAnalysis, PairComparison, Shared } from '../../../fit/groups/result.ts'
import type { RunData } from '../../../input/read.ts'
import { analysisJson } from '../json.ts'
import { readingJson } from '../reading.ts'

/** What `isoflop fit --group-by COLUMN --json` prints; docs/json.md explains every field. An end of an interval that is infinite is null. */
export function groupsJson(
  analysis: GroupsAnalysis,
  data: RunData,
  diagnostics: readonly Diagnostic[],
  version: string,
) {
  const { column, groups, left, comparison, targets, confidence, seed } = analysis
  return {
    version,
    runs: { ...readingJson(data), used: groups.reduce((sum, group) => sum + group.analysis.runs.size, 0) },
    targets,
    groupBy: column,
    confidence,
    seed,
    groups: groups.map(({ name, analysis: own }) => ({
      name,
      runs: own.runs.size,
      ...analysisJson(own, own.diagnostics),
    })),
    left,
    diagnostics,
    comparison: {
      ...comparison,
      together: comparison.together && sharedJson(comparison.together),
      pairs: comparison.pairs.map(pairJson),
    },
  }
}

const sharedJson = ({ kept, tests, exponents }: Shared) => ({ kept, tests, exponents })

const pairJson = ({
  reference,
  group,
  tokens,
  plateau,
  sizes,
  differences,
  worth,
  optima,
  ...shared
}: PairComparison) => ({
  reference,
  group,
  ...sharedJson(shared),
  tokens,
  plateau,
  sizes,
  differences,
  worth,
  optima,
})
