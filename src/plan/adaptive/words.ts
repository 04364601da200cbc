import { jointReference } from '../../joint/law.ts'
import type { StrategyWords } from '../strategy.ts'

/** What `adaptive` does, for reports. */
export const adaptiveWords: StrategyWords = {
  design:
    'The first round spreads cheap runs evenly over sizes, shapes, learning rates and batches. Where cheap runs hardly learn, three runs ' +
    'at a higher budget tell whether their law holds there; if it does not, five larger runs climb from there, and where the best ' +
    'rate and batch sit at the corner of what may be asked they are pinned. Before each later round the law is fitted again, and of ' +
    'many random candidates those are bought that are expected, for each FLOP, to lower most what a wrong choice costs at the target ' +
    'and the variance of the loss there. One run at a high budget checks the law: the last of the climb, or one in the last round.',
  law:
    'One law describes all runs that learned enough together. The loss of a run is what no model and no data remove (E), plus a term that falls as a power ' +
    'alpha of the size N, plus one that falls as a power beta of the tokens D. A learning rate, a batch or a shape beside the best one ' +
    'acts like fewer tokens or parameters, so runs that were not tuned are corrected instead of discarded. Several forms and ways of ' +
    'counting the embedding are fitted; each is believed as far as it makes the runs probable, and prediction and intervals average ' +
    'over them. Where the runs leave a coefficient open, published laws serve as a weak prior; where early runs had to be left out, ' +
    'simulated worlds that learn in stages do, and weigh more. The equations are in docs/math.md, "The joint law".',
  reference: jointReference,
}
