// Fits a law to runs of your own and asks it about a budget nobody has spent.
import { analyse, powerAt, runsOf, tokensFor } from 'isoflop'

// Five sizes at each of four budgets, with the losses that were measured (here: made up by a known law).
const measured = (N, D) => 1.8 + 480 * N ** -0.35 + 2100 * D ** -0.37
const runs = runsOf(
  [1e18, 1e19, 1e20, 1e21].flatMap((flops) =>
    [0.25, 0.5, 1, 2, 4].map((ratio) => {
      const parameters = Math.round(ratio * 0.0475 * flops ** 0.514)
      const tokens = tokensFor(flops, parameters)
      return { parameters, tokens, flops, loss: measured(parameters, tokens) }
    }),
  ),
)

const { methods, diagnostics } = await analyse({ runs }, { methods: ['surface'], targets: [1e22] })
const [{ law, modelSize, predictions }] = methods
console.log('law', law)
console.log('N at 1e22 FLOPs', powerAt(modelSize, 1e22), 'interval', predictions[0].interval.parameters)
for (const { code, message } of diagnostics) console.log(`${code}: ${message}`)
