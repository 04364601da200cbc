/** What is fitted unless something is asked for: the methods in the order of `methods.ts`, and the frontier of the best losses, which has no N and D. */
export const methodNames = [
  'norm',
  'surface',
  'huber',
  'parabola',
  'lowest-log',
  'lowest-raw',
  'envelope',
  'frontier',
] as const
export type MethodName = (typeof methodNames)[number]

/** What `--method` takes: these, and the law of all settings, which is not among the defaults. */
export const askedNames = [...methodNames, 'joint'] as const
export type AskedName = (typeof askedNames)[number]

/** The methods whose law may lead, the first one first. */
export const lawMethodNames = ['norm', 'surface'] as const satisfies readonly MethodName[]
