/**
 * The forms that the loss of a drawn world can have (E31): functions of N parameters and D tokens that fall in both. They are
 * written in n = N / N0 and t = D / D0, so that their coefficients are nats at the reference model. docs/math.md, "Worlds".
 */

/** The reference model, in the middle of what the training API can reach: 1e8 parameters on 2e9 tokens, 1.2e18 FLOPs. */
export const referenceModel = { parameters: 1e8, tokens: 2e9 } as const

/** What every form has: the plateau E, and what size and tokens leave above it at the reference model, in nats. */
interface Terms {
  readonly E: number
  readonly A: number
  readonly alpha: number
  readonly B: number
  readonly beta: number
}

/** A loss law of one of the forms. */
export type FormLaw =
  | (Terms & { readonly form: 'additive' })
  | (Terms & { readonly form: 'kaplan' })
  | (Terms & { readonly form: 'interaction'; readonly G: number })
  | (Terms & { readonly form: 'broken-data'; readonly breakAt: number; readonly gain: number; readonly width: number })
  | (Terms & {
      readonly form: 'broken-compute'
      readonly breakAt: number
      readonly gain: number
      readonly width: number
    })
  | (Terms & { readonly form: 'transient'; readonly T: number; readonly until: number; readonly power: number })

export type FormName = FormLaw['form']

/** Every form in words, in the order in which the prior counts them. */
export const formTable: Readonly<Record<FormName, string>> = {
  additive: 'E + A/n^alpha + B/t^beta (Hoffmann et al. 2022)',
  kaplan: 'E + ((A^(1/beta) / n^(alpha/beta)) + B^(1/beta) / t)^beta (Kaplan et al. 2020, with a plateau)',
  interaction: 'E + A/n^alpha + B/t^beta + G / (n^(alpha/2) t^(beta/2))',
  'broken-data': 'E + A/n^alpha + B/t^beta, the power of t changing at a break (Caballero et al. 2023)',
  'broken-compute': 'E + (A/n^alpha + B/t^beta), the sum falling by another power of n t beyond a break',
  transient: 'E + A/n^alpha + B/t^beta + T exp(-(t / until)^power)',
}

export const formNames = Object.keys(formTable) as readonly FormName[]

/** (1 + (x / at)^(1 / width))^(-gain width): 1 below the break, x^-gain beyond it; smooth. */
const smoothBreak = (x: number, { breakAt, gain, width }: { breakAt: number; gain: number; width: number }): number =>
  (1 + (x / breakAt) ** (1 / width)) ** (-gain * width)

/** The loss at N parameters and D tokens, nats per token (E31). */
export function formLoss(law: FormLaw, N: number, D: number): number {
  const n = N / referenceModel.parameters
  const t = D / referenceModel.tokens
  const size = law.A * n ** -law.alpha
  const data = law.B * t ** -law.beta
  switch (law.form) {
    case 'additive':
      return law.E + size + data
    case 'kaplan':
      return law.E + (size ** (1 / law.beta) + data ** (1 / law.beta)) ** law.beta
    case 'interaction':
      return law.E + size + data + law.G * n ** (-law.alpha / 2) * t ** (-law.beta / 2)
    case 'broken-data':
      return law.E + size + data * smoothBreak(t, law)
    case 'broken-compute':
      return law.E + (size + data) * smoothBreak(n * t, law)
    case 'transient':
      return law.E + size + data + law.T * Math.exp(-((t / law.until) ** law.power))
  }
}
