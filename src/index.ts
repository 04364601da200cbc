/**
 * The library: training runs in, scaling laws out; and the runs themselves bought one after another, where they cost something.
 *
 *     import { analyse, readRuns } from 'isoflop'
 *     const { runs } = await readRuns(['runs.csv'])
 *     const { methods } = await analyse({ runs }, { targets: [1e22] })
 *
 *     import { campaign } from 'isoflop'
 *     const { prediction } = await campaign({ query: async (config) => ({ loss: await train(config) }) })
 *
 * Each part is also there by its own name, as in `import { fitSurface } from 'isoflop/fit/surface'`.
 */
export {
  apiSpace,
  type Campaign,
  type CampaignOptions,
  campaign,
  firstPlan,
  type KnownRun,
  type Purpose,
  type Refusal,
  type Round,
  type Standing,
} from './campaign.ts'
export { type AnsweredRun, type ClientOptions, type TrainingApi, trainingApi } from './client/client.ts'
export { apiLimits, type TrainingConfig } from './core/config.ts'
export type { Diagnostic, DiagnosticCode } from './core/diagnostic.ts'
export { type ErrorCode, IsoflopError } from './core/errors.ts'
export { nonEmbeddingParameters, tokensFor, trainFlops } from './core/flops.ts'
export { type Curves, type Run, type Runs, runsOf } from './core/run.ts'
export { type Analysis, type AnalysisOptions, analyse } from './fit/analysis.ts'
export type { Fitted, Method } from './fit/methods/method.ts'
export type { MethodName } from './fit/methods.ts'
export type { MethodResult, Prediction } from './fit/result.ts'
export { fitSurface } from './fit/surface.ts'
export type { TunedResult } from './fit/tuned/result.ts'
export { type ReadOptions, type RunData, readRuns } from './input/read.ts'
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
export type {
  Bounds,
  CampaignRun,
  Estimate,
  Forecast,
  Plan,
  Planned,
  Situation,
  Space,
  Strategy,
} from './plan/strategy.ts'
export { handoutLaw, handoutRuns } from './world/handout.ts'
