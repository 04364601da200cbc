import { counted } from '../count.ts'

/** What is said of campaigns alone, in English. Pages that show none leave this file out (scripts/web.js). */
export const campaign = {
  title: (target: string, source: string) => `The run of ${target} FLOPs: a campaign on ${source}`,
  train: (target: string) => `At ${target} FLOPs, train `,
  expected: 'The expected loss is ',
  rows: {
    size: 'model size N',
    tokens: 'tokens D',
    learningRate: 'learning rate',
    loss: 'loss',
    spent: 'spent',
    queries: 'queries',
    configuration: 'configuration',
    rate: 'rate',
    command: 'command',
    versions: 'versions',
    runsFrom: 'runs from',
    strategy: 'strategy',
    seed: 'seed',
    budget: 'budget',
    target: 'target',
  },
  interval: (range: string) => ` (95 % interval ${range})`,
  besideInterval: (range: string) => `, 95 % interval ${range}`,
  noInterval: ', without an interval',
  bestWithin: (range: string) => `; the best one within ${range}`,
  parametersText: (N: string) => `${N} parameters without embeddings`,
  tokensText: (D: string, ratio: string) => `${D}, ${ratio} for each parameter`,
  spentText: (spent: string, budget: string, share: string) => `${spent} of ${budget} FLOPs (${share})`,
  givenBefore: (n: number) => `, beside ${counted(n, 'run')} that ${n === 1 ? 'was' : 'were'} there before`,
  range: (low: string, high: string) => `${low} to ${high}`,
  batch: (batch: string) => `batch ${batch}`,
  learningRate: (rate: string) => `learning rate ${rate}`,
  batchTokens: (tokens: string) => `${tokens} tokens`,

  noHigherRate: (cap: string) =>
    `No run may have a learning rate above ${cap}, so what is measured stands apart from what is inferred:`,
  columns: {
    rate: 'rate',
    configuration: 'configuration',
    loss: 'loss',
    interval: '95 % interval',
    lawInterval: '95 % of the law',
    excess: 'excess',
    round: 'round',
    why: 'why',
    whatFor: 'what for',
    flopsOfRuns: 'FLOPs of the runs',
    runs: 'runs',
    spent: 'spent',
    batch: 'batch',
    predicted: 'predicted',
    fitted: 'fitted',
    law: 'law',
    equation: 'equation',
    coefficients: 'coefficients',
    form: 'form',
    weight: 'weight',
    coefficient: 'coefficient',
    meaning: 'meaning',
    value: 'value',
    lowestLoss: 'lowest loss',
    atN: 'at N',
    atRate: 'at rate',
    reason: 'reason',
  },
  measuredAtCap: 'measured: the highest rate of the runs',
  inferred: 'inferred: the best rate by the law',
  gain: (loss: string, range: string) =>
    `The higher rate is expected to gain ${loss} nats (95 % interval ${range}), by the law of the best rate and its prior alone.`,
  yourProgram: 'your program',
  simulatedWorld: (name: string) => `the simulated world ${name}`,
  isKnown: (source: string) => `${source} is known, so the prediction can be judged:`,
  truth: {
    optimum: 'true optimum',
    predicted: 'predicted configuration',
    regret: 'regret',
    error: 'error of the loss',
    interval: '95 % interval',
  },
  optimumIs: (config: string, N: string, loss: string) => `${config}: N ${N}, loss ${loss}`,
  reaches: (truth: string, predicted: string) => `reaches ${truth} in truth; ${predicted} was predicted`,
  tooLow: (error: string) => `${error} nats/token too low`,
  tooHigh: (error: string) => `${error} nats/token too high`,
  noneGiven: 'none was given',
  covers: 'covers the true loss',
  misses: 'misses the true loss',
  goesOn: 'This campaign goes on:',
  spentOn: (spent: string, budget: string, runs: number) =>
    `${spent} of ${budget} FLOPs are spent on ${counted(runs, 'run')}`,
  tooFewForEstimate: '. There are too few for an estimate.',
  latestPlan: (target: string, config: string, loss: string) =>
    `. As of the latest plan, at ${target} FLOPs ${config} is best, with a loss of ${loss} nats/token.`,

  appendix: 'Appendix: all runs',
  allRuns: (n: number) => (n === 1 ? 'The run' : `All ${n} runs`),
  before: 'before',
  diverged: 'diverged',
  predictedNote: ' Predicted: the loss expected before the run was bought ± its standard deviation.',
  fittedNote: ' Fitted: the loss by the law; - where the run is not in the fit.',
  equalSeeds: 'Equal seeds and equal answers give an equal campaign. ',
  noSubmission:
    'There is no submission.json, because the prediction is not for the models or the FLOPs of the assignment.',
  submission: [' beside this report is the prediction as ', ' takes it.'],

  hyperparameters: '5. Hyperparameters, and why',
  rateText: (rate: string, ends: string, tried: string, beyond: string) =>
    `Learning rate ${rate}${ends}${tried}.${beyond}`,
  rateInterval: (range: string) => ` (95 % interval of the best rate ${range})`,
  rateBeyond: (cap: string) =>
    ` That is more than any run may have (${cap}), so it rests on how the best rate changes with size and tokens.`,
  allHaveRate: (rate: string) => `; all runs have ${rate}`,
  triedRates: (n: number, least: string, most: string) =>
    `, from runs at ${counted(n, 'rate')} between ${least} and ${most}`,
  batchText: (batch: string, effect: string | null, tried: string) =>
    `Batch ${batch}${effect ? `: ${effect}` : ''}${tried ? `. Runs by batch: ${tried}` : ''}.`,
  withBatch: (n: number, batch: string) => `${n} with ${batch}`,
  batchEffect: (better: string, worse: string, difference: string, isOpen: boolean) =>
    `at the target the fitted loss of ${better} is lower than that of ${worse} by ${difference} nats` +
    (isOpen ? ', but the interval of the difference holds zero' : ''),
  modelOfList: (model: string) => `Model: ${model}, of those in the list.`,
  shape: (width: number, depth: number, ratio: string, seen: string) =>
    `Shape: ${width} wide and ${depth} deep, ${ratio} of width for each layer${seen}.`,
  shapesSeen: (low: string, high: string) => `; the runs have ${low} to ${high}`,
  heads: (heads: number, dimension: string) =>
    `Heads: ${heads}, of dimension ${dimension}, as near to the usual 64 as the width allows; their number is not fitted.`,

  lawHeading: '2. How the law was fitted',
  tooFewForLaw: 'There were too few runs for a law of their own.',
  lawNumber: (k: number) => `law ${k}`,
  lighterLaws: (n: number) => `The coefficients of ${counted(n, 'lighter law')} are in the output of --json.`,
  reference: (N: string, D: string) => `The reference is a model of ${N} parameters on ${D} tokens.`,
  meanings: {
    E: 'loss that neither size nor tokens remove, nats',
    A: 'what size leaves above it at the reference, nats',
    B: 'what tokens leave above it at the reference, nats',
    alpha: 'exponent of size',
    beta: 'exponent of tokens',
    bestRate: 'best learning rate at the reference',
    rateSize: 'exponent of size in the best rate',
    rateTokens: 'exponent of tokens in the best rate',
    widthPerLayer: 'best d_model per layer',
    noise: 'noise of a run, nats',
  },
  equations: {
    'best size': 'N = coefficient C^exponent',
    surface: 'L = E + A / N^alpha + B / D^beta',
    frontier: 'L = E + coefficient / C^exponent',
    'loss line': 'L = intercept + slope ln C',
    'learning rate': 'rate = coefficient N^parameters D^tokens',
  },

  purchases: '1. Which runs were bought, and why',
  asked: (strategy: string, source: string, n: number) =>
    `The strategy ${strategy} asked ${source} for ${counted(n, 'run')}. `,
  buyingEnded: (why: string) => `Buying ended: ${why}`,
  appendixLists: 'The appendix lists every run with its reason.',
  runsBefore: 'runs that were there before the campaign',
  none: 'none',
  runsAt: (n: number, flops: string) => `${n} at ${flops}`,
  refused: (n: number) => `The API refused ${counted(n, 'configuration')}, which cost nothing:`,
  lost: (n: number) => `What became of ${counted(n, 'run')} is not known; their FLOPs count as spent:`,
  andMore: (n: number) => `And ${n} more.`,

  quality: '3. How well it fits',
  noResiduals: 'This strategy has no law of single runs, so there are no residuals to show.',
  residuals: (n: number, rms: string, top: string, atLargest: number, largest: string, inside: number) =>
    `Residuals of ${counted(n, 'run')}: root mean square ${rms} nats, ` +
    `${top} for the ${counted(atLargest, 'run')} at ${largest} FLOPs; ` +
    `${inside} of ${n} lie within the 95 % that the fit expects.`,
  divergedRuns: (n: number) => `${counted(n, 'run')} diverged and ${n === 1 ? 'is' : 'are'} in no fit.`,
  notInFit: (groups: string, n: number, share: string) =>
    `Not in the fit: ${groups} of ${counted(n, 'run')}, ${share} of the FLOPs. ` +
    'They showed how late models begin to learn, and so where to buy the others.',
  shareOf: (inside: number, n: number) => `${inside} of ${counted(n, 'run')}`,
  backtest: (below: string, error: string, share: string) =>
    `Backtest: fitted to the runs below ${below} FLOPs alone, the law predicts the others with a root mean square error of ` +
    `${error} nats; ${share} fell into the 95 % interval.`,
  predictedBefore: (share: string, error: string) =>
    `Predicted before they were bought: ${share} fell into the 95 % interval, root mean square error ${error} nats.`,

  target: (C: string) => `4. Size and loss at ${C} FLOPs`,
  narrowLoss: 'What would narrow the interval of the loss, most important first:',
  makeSurer: 'What would make the prediction surer, most important first:',
  bestSize: (N: string, ends: string, D: string, hasInterval: boolean) =>
    `The best size is put at ${N} parameters without embeddings${ends}, trained on ${D} tokens.${hasInterval ? '' : ' This strategy gives no interval.'}`,
  sizeInterval: (range: string) => ` (95 % interval of the best size ${range})`,
  expectedLoss: (loss: string, ends: string, reach: string) =>
    `The expected loss is ${loss} nats/token${ends}.${reach}`,
  shouldReport: (range: string) => `, and 95 % of such runs should report ${range}`,
  extrapolation: (times: string) =>
    ` The target has ${times} times the compute of the largest run, so this is an extrapolation.`,
  valley: (low: string, high: string, little: number) =>
    `The valley is flat: sizes from ${low} to ${high} cost at most ${little} nats more than the best.`,
  otherSizes: 'Other sizes at their best hyperparameters, and what they cost beyond the best (excess):',

  ofFlops: (spent: string, budget: string) => `${spent} of ${budget} FLOPs`,
  runs: (n: number) => counted(n, 'run'),
  /** How far those are that go on; `each` may be empty. */
  running: (n: number, each: string) => `; ${n} running${each && ': '}${each}`,
  shareAt: (share: string, loss: string) => `${share} at ${loss}`,
  fromTo: (from: string, to: string) => `${from} to ${to}`,
  noEstimate: 'no estimate yet',
  estimate: (N: string, loss: string) => `N ${N}, loss ${loss}`,
  nothingAsked: (why: string) => `Nothing would be asked: ${why}`,
  firstRound: (title: string) => `First round: ${title}`,
  roundCost: (n: number, cost: string, share: string, budget: string) =>
    `${counted(n, 'run')} for ${cost} FLOPs, ${share} % of ${budget}`,
  stopped: (why: string) => `Stopped: ${why}`,
  intervals: ', 95 % intervals',
  at: (C: string, intervals: string) => `At ${C} FLOPs${intervals}:`,
  measured: (rate: string, N: string, loss: string, config: string) =>
    `Measured: no run may have more than rate ${rate}. There N ${N} is best, loss ${loss}: ${config}.`,
  inferredGain: (gain: string) => `Inferred: the higher rate gains ${gain} nats more.`,
  truthIn: (source: string) => `The truth in ${source}:`,
  truthBest: (N: string, loss: string, config: string) => `best: N ${N}, loss ${loss}; ${config}`,
  truthRegret: (regret: string) => `regret of the predicted configuration: ${regret} nats/token`,
  truthError: (error: string, covered: boolean | null) =>
    `error of the predicted loss: ${error}${covered === null ? '' : `; the interval ${covered ? 'covers' : 'misses'} the truth`}`,
  bought: (n: number, source: string, spent: string, budget: string, given: number) =>
    `${counted(n, 'run')} of ${source} for ${spent} of ${budget} FLOPs${given > 0 ? `, ${given} of them there before` : ''}:`,
  laws: 'Laws:',
  lawsByBelief: 'Laws by belief:',
  lawWeight: (weight: string) => `, weight ${weight}`,
  otherSizesAt: (C: string) => `Other sizes at ${C} FLOPs:`,
  firstRefused: (n: number, message: string) => `The API refused ${counted(n, 'configuration')}; the first: ${message}`,
  firstLost: (n: number, message: string) =>
    `What became of ${counted(n, 'run')} is not known; their FLOPs count as spent. The first: ${message}`,
  wouldNarrow: (what: string) => `Would narrow it: ${what}`,
}

export const campaignFigures = {
  trainings: {
    title: 'In training',
    expected: 'expected at the end',
    share: 'tokens trained on',
    caption:
      'The training loss of each run that is out, so far; circles at the right are the losses that are expected of them, with 95 % intervals. Darker is a larger budget.',
    alt: (n: number, last: string) => `Training loss of ${counted(n, 'run')} so far${last === '' ? '' : `: ${last}`}.`,
  },
  funnel: {
    title: 'What was expected, against what was spent',
    spent: 'FLOPs spent',
    truth: (value: string) => `true ${value}`,
    caption: (C: string) =>
      `The loss and the size expected at ${C} FLOPs before each round and at the end, with 95 % intervals, against the FLOPs spent until then.`,
    dashed: 'Dashed: what is true.',
    alt: (C: string, n: number, ends: readonly [first: string, last: string] | null) =>
      `Expected loss and size at ${C} FLOPs with 95 % intervals at ${counted(n, 'milestone')}${ends ? `: the loss from ${ends[0]} to ${ends[1]}` : ''}.`,
  },
  beliefs: {
    title: 'Which law was believed',
    weight: 'belief',
    caption: (n: number) =>
      `How far ${n === 1 ? 'the law was' : `the ${n} laws that mattered most were`} believed before each round and at the end: their posterior weights, by form.`,
    alt: (n: number, last: string) => `Belief in ${counted(n, 'law')} against the FLOPs spent; at last ${last}.`,
  },
  design: {
    title: 'The runs that were bought',
    trueBest: (N: string) => `true best ${N}`,
    lawsBest: "the law's best N",
    usual: (ratio: number) => `${ratio} tokens a parameter`,
    first: 'Open circles: the first round (0).',
    later: 'Numbered discs: the later rounds.',
    given: 'Squares: runs that were there before.',
    diverged: (n: number) => `Crosses: ${counted(n, 'run')} that diverged.`,
    caption:
      'Every run by its compute and its size; runs of one budget are moved apart where they would cover each other.',
    predicted: (C: string, hasInterval: boolean, hasTruth: boolean) =>
      `At ${C} FLOPs the predicted size${hasInterval ? ' with its 95 % interval' : ''}${hasTruth ? ' and, as a diamond, the true best' : ''}.`,
    dashed: 'Dashed: the best size by the fitted law.',
    dotted: (ratio: number) =>
      `Dotted: ${ratio} tokens a parameter, the rule of Hoffmann et al. (2022), for comparison.`,
    alt: (n: number, C: string | null) =>
      `Size against compute of ${counted(n, 'run')} by round${C === null ? '' : `, and the predicted size at ${C} FLOPs`}.`,
  },
  target: {
    title: 'Loss against size at the target',
    trueBest: (N: string, loss: string) => `true best ${N}, ${loss}`,
    loss: (loss: string) => `loss ${loss}`,
    trueLoss: 'true loss',
    caption: (C: string) =>
      `The expected loss at ${C} FLOPs against size, each size at its best hyperparameters, with the 95 % band of the law.`,
    vertical:
      'Vertical bar: the 95 % interval of the expected loss, which has the chance that the law bends on the way too. A single run scatters about it.',
    foot: 'Bar at the bottom: the 95 % interval of the best size.',
    dashed: 'Dashed: the true loss of the configurations that were compared.',
    diamond: 'Diamond: the true best.',
    alt: (C: string, least: { readonly loss: string; readonly N: string } | null) =>
      `Expected loss against size at ${C} FLOPs with a 95 % band${least ? `; the least is ${least.loss} at ${least.N} parameters` : ''}.`,
  },
  rates: {
    title: 'What the learning rate costs',
    rate: 'learning rate',
    above: 'loss above the best rate (nats)',
    cap: (rate: string) => `cap ${rate}`,
    over: 'learning rate over the best one',
    same: 'the same of each run (nats)',
    caption: (cap: string) =>
      `Left: the fitted loss above that of the best learning rate, for a model of the best size at each budget; grey: rates above ${cap}, which may not be asked.`,
    right:
      'Right: the same of each run, over the best rate for its own size and tokens: discs as measured, small circles as fitted; darker is a larger budget.',
    chosen: (rate: string, ends: string | null) =>
      `At the target ${rate} is chosen${ends === null ? '' : ` (95 %: ${ends})`}.`,
    alt: (budgets: number, runs: number) =>
      `Loss above the best learning rate against the rate, for ${counted(budgets, 'budget')}, and of ${counted(runs, 'run')}.`,
  },
  batch: {
    title: 'Which batch is better',
    caption: (hasBand: boolean) =>
      `Fitted loss of the larger batch minus that of the smaller, each at its best size and learning rate${hasBand ? ', with the 95 % band of the law' : ''}: below zero the larger is better.`,
    axis: (larger: number, smaller: number) => `loss of batch ${larger} − loss of batch ${smaller} (nats/token)`,
    alt: (budgets: number) =>
      `Difference of the loss between two batch sizes against compute, at ${counted(budgets, 'budget')}.`,
  },
  residuals: {
    title: 'Residuals of the law',
    measured: 'measured − fitted (nats/token)',
    fitted: 'fitted loss (nats/token)',
    deviations: 'in standard deviations of each run',
    caption: (n: number) =>
      `Measured minus fitted loss of ${counted(n, 'run')}: left in nats against compute, right against the fitted loss, over the scatter that the fit expects of each run; darker is a larger budget.`,
    rms: (rms: string) => `Root mean square ${rms} nats.`,
    trend: 'A trend or a bend would mean that the law has another form.',
    alt: (n: number) =>
      `Residuals of ${counted(n, 'run')} from the fitted law, against compute and against the fitted loss.`,
  },
  backtest: {
    title: 'Predicted and measured losses',
    predicted: 'predicted loss',
    fromCheaper: 'measured − predicted from cheaper runs (nats)',
    whenBought: 'measured − predicted when bought (nats)',
    inside: (inside: number, n: number) => `${inside} of ${counted(n, 'run')} inside`,
    caption:
      'Measured minus predicted loss of each run, ordered by budget; bars are the 95 % intervals that were predicted, open circles lie outside.',
    withheld: (below: string, inside: string) =>
      `Runs of ${below} FLOPs and more, predicted by a fit to the cheaper ones alone: ${inside}.`,
    before: (inside: string) => `Each run as it was predicted before it was bought: ${inside}.`,
    alt: (inside: string) => `Measured minus predicted loss with 95 % intervals: ${inside}.`,
  },
  profiles: {
    title: 'IsoFLOP profiles',
    measured:
      'Loss of the runs against their size, one symbol per compute budget, which stands at the right in FLOPs; darker is ' +
      'larger. Lines join the lowest run of each size. Runs differ in learning rate and batch too.',
    caption:
      'Curves: the fitted loss against size at the best learning rate, batch and shape that may be asked; the budget stands at the right in FLOPs, darker is larger.',
    large: 'Large circles: the best size.',
    small:
      'Small symbols: the runs, corrected by the law to those hyperparameters; the thin line leads to the loss that was measured.',
    hollow: 'Hollow symbols: runs that are not in the fit, as measured.',
    dashed: 'Dashed: the target, where no run was made.',
    alt: (n: number, first: string, last: string, isFitted: boolean) =>
      `Loss against size for ${counted(n, 'budget')} from ${first} to ${last} FLOPs${isFitted ? ', with the fitted curves' : ''}.`,
  },
}
