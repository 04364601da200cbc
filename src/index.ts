/**
 * The library: training runs in, scaling laws out; and the runs themselves bought one after another, where they cost something.
 *
 *     import { analyse, readRuns } from 'isoflop'
 *     const { runs } = await readRuns(['runs.csv'])
 *     const { methods } = await analyse({ runs }, { targets: [1e22] })
 *
 *     import { campaign, outcomeOf } from 'isoflop'
 *     const { prediction } = await campaign({ trainer: { name: 'cluster', train: async (config) => outcomeOf(await loss(config)) } })
 *
 * Each part is also there by its own name, as in `import { fitSurface } from 'isoflop/fit/surface'`.
 */
export { apiTrainer } from './campaign/api-trainer.ts'
export {
  type Campaign,
  type CampaignOptions,
  campaign,
  firstPlan,
  type Refusal,
  type Round,
  type Standing,
} from './campaign/campaign.ts'
export type { CampaignIdentity } from './campaign/head.ts'
export { campaignInFolder, type FolderCampaign, type FolderOptions } from './campaign/in-folder.ts'
export { ownRuns } from './campaign/own-runs.ts'
export type { Notice } from './campaign/session.ts'
export {
  type AskedRun,
  openCampaign,
  type RunReport,
  type Study,
  type StudyOptions,
  type StudyStanding,
  type Told,
} from './campaign/study.ts'
export {
  type CampaignTask,
  type CampaignView,
  type EndedView,
  viewOfCampaign,
  viewOfStanding,
} from './campaign/view.ts'
export { worldTrainer } from './campaign/world-trainer.ts'
export { type ClientOptions, type TrainingApi, trainingApi } from './client/client.ts'
export {
  type ApiAbout,
  type ApiEvent,
  type ApiRun,
  type ApiRunWithCurve,
  type RunsApi,
  type RunsOptions,
  runsApi,
} from './client/runs.ts'
export type { Config } from './core/config.ts'
export type { Diagnostic, DiagnosticCode } from './core/diagnostic.ts'
export { type ErrorCode, IsoflopError } from './core/errors.ts'
export { tokensFor, trainFlops } from './core/flops.ts'
export type { Groups } from './core/groups.ts'
export type { Interval } from './core/interval.ts'
export { type Curves, type Run, type Runs, runsOf } from './core/run.ts'
export {
  expectLoss,
  type Outcome,
  outcomeOf,
  outcomeOfLoss,
  type Purpose,
  type TrainedRun,
  type Trainer,
  type TrainingRequest,
} from './core/trainer.ts'
export type { TrainingConfig } from './cs336/config.ts'
export { apiLimits } from './cs336/limits.ts'
export { nonEmbeddingParameters } from './cs336/parameters.ts'
export { apiSpace, cs336Space } from './cs336/space.ts'
export { type AnalysisOptions, analyse } from './fit/analysis.ts'
export { analyseGroups } from './fit/groups/analysis.ts'
export type { GroupedRuns } from './fit/groups/grouped.ts'
export type { GroupsAnalysis, PairComparison } from './fit/groups/result.ts'
export type { Fitted, Method } from './fit/methods/method.ts'
export type { MethodName } from './fit/methods.ts'
export type { Analysis, MethodResult, Prediction } from './fit/result.ts'
export { fitSurface } from './fit/surface.ts'
export type { TunedResult } from './fit/tuned/result.ts'
export { type PoolData, type ReadOptions, type RunData, readPool, readRuns } from './input/read.ts'
export { type CommandTrainerOptions, commandTrainer } from './launch/command-trainer.ts'
export type { Ending, FolderTrainer, RunEvent, RunningRun } from './launch/folder-trainer.ts'
export { type SlurmTrainerOptions, slurmTrainer } from './launch/slurm-trainer.ts'
export { type FrontierLaw, frontierLoss } from './law/frontier.ts'
export { type PowerLaw, powerAt } from './law/power.ts'
export { publishedExponents, publishedSurfaces } from './law/published.ts'
export {
  excessLoss,
  optimalLoss,
  optimalParameters,
  optimalTokens,
  type SurfaceLaw,
  surfaceLoss,
} from './law/surface.ts'
export { chooseFromPool, type PoolChoice, type PoolOptions } from './plan/pool/choose.ts'
export { type NextOptions, nextFromPool, type PoolAdvice } from './plan/pool/next.ts'
export type { Pool, PoolTarget, Settings } from './plan/pool/pool.ts'
export type { Buy, Purchase } from './plan/pool/purchases.ts'
export type { CampaignRun, Forecast, Plan, Planned, ShortForecast, Situation, Strategy } from './plan/strategy.ts'
export { readSpace, spaceOfDocument } from './space/file.ts'
export type { Measure, Space } from './space/space.ts'
export { type SpaceSummary, summaryOf } from './space/summary.ts'
export { handoutLaw, handoutRuns } from './world/handout.ts'
