// Decides which runs to buy on a cluster of your own, and predicts the one that is too large to try.
import { campaign, outcomeOf } from 'isoflop'

// What your cluster would do: train the configuration and give its loss. Here a law stands in for it, whose best learning rate
// falls with the size, and which takes a millisecond.
async function train({ dModel, numLayers, batchSize, learningRate, trainFlops }) {
  await new Promise((done) => setTimeout(done, 1))
  const parameters = 12 * numLayers * dModel ** 2
  const tokens = trainFlops / (6 * (parameters + 32_000 * dModel))
  const bestRate = 2e-3 * (parameters / 1e7) ** -0.25
  const untuned = 0.1 * Math.log(learningRate / bestRate) ** 2 + (batchSize === 256 ? 0.03 : 0)
  return 1.8 + 220 * parameters ** -0.33 + 800 * tokens ** -0.3 + untuned
}

const { prediction, spentFlops, queries, stopped } = await campaign({
  budget: 2e18, // FLOPs to spend, at most
  target: 1e19, // FLOPs of the run to predict
  trainer: { name: 'my cluster', capacity: 4, train: async (config) => outcomeOf(await train(config)) },
  onStanding: ({ title, runs, spent }) => {
    if (runs.length % 20 === 0) console.error(`${title}: ${runs.length} runs, ${spent} FLOPs`)
  },
})

const { config, parameters, tokens, loss, interval } = prediction
console.log(`${queries} runs for ${spentFlops} FLOPs; ${stopped}`)
console.log('train', config, `${parameters} parameters on ${Math.round(tokens)} tokens`)
console.log(`expect ${loss.toFixed(3)} nats/token, 95 % interval`, interval.loss)
console.log(`it would reach ${(await train(config)).toFixed(3)}`)
