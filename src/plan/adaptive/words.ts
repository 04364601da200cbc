import { jointReference } from '../../joint/law.ts'
import type { StrategyWords } from '../strategy.ts'

/** What `adaptive` does, for reports. */
export const adaptiveWords: StrategyWords = {
  design:
    'The first round spreads cheap runs evenly over sizes, shapes, learning rates and batches. Where cheap runs hardly learn, three runs ' +
    'at a higher budget tell whether their law holds there; if it does not, few larger runs take their place, and where the best ' +
    'rate and batch sit at the corner of what may be asked they are pinned. Before each later round the law is fitted again, and of ' +
    'many random candidates those are bought that are expected, for each FLOP, to lower most what a wrong choice costs at the target ' +
    'and the variance of the loss there; the last round has a run at a high budget, which checks the law.',
  law:
    'One law describes all runs that learned enough together. The loss of a run is what no model and no data remove (E), plus a term that falls as a power ' +
    'alpha of the size N, plus one that falls as a power beta of the tokens D. A learning rate, a batch or a shape beside the best one ' +
    'acts like fewer tokens or parameters, so runs that were not tuned are corrected instead of discarded. Several forms and ways of ' +
    'counting the embedding are fitted; each is believed as far as it makes the runs probable, and prediction and intervals average ' +
    'over them. Where the runs leave a coefficient open, published laws serve as a weak prior. The equations are in docs/math.md, ' +
    '"The joint law".',
  reference: jointReference,
}
