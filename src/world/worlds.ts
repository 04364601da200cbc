import { IsoflopError } from '../core/errors.ts'
import { type FormName, formTable } from './forms.ts'
import type { World } from './world.ts'

/** A kind of world that can be opened by name. */
export interface WorldEntry {
  /** As it is written on the command line; `seed:N` stands for as many worlds as there are whole numbers. */
  readonly name: string
  readonly summary: string
}

/** What is known of a world beside its loss, in words and numbers. */
export interface WorldFacts {
  readonly world: World
  /** The form of its loss among those of drawn worlds; null for the others. */
  readonly form: FormName | null
  /** Its law, a line each. */
  readonly law: readonly string[]
  /** Its noise, one line. */
  readonly noise: string
  /** Its coefficients, for programs. */
  readonly coefficients: unknown
}

/** The forms that the loss of a `seed:N` world can have, in words; `worldForm` tells which one a world has. */
export const worldForms: Readonly<Record<FormName, string>> = formTable

interface Kind extends WorldEntry {
  readonly open: () => Promise<WorldFacts>
}

/** Loaded only when they are opened: most commands need one world or none. */
const kinds: readonly Kind[] = [
  {
    name: 'cs336',
    summary: 'the training API of CS336 assignment 3, fitted to its published answers',
    async open() {
      const { cs336Coefficients, cs336World } = await import('./calibrated.ts')
      const world = cs336World()
      const config = { dModel: 512, numLayers: 8, numHeads: 8, batchSize: 128, learningRate: 1e-3, trainFlops: 1e18 }
      const [untrained, trained] = [1e10, 1e18].map((trainFlops) => digits(world.noise({ ...config, trainFlops }), 2))
      return {
        world,
        form: null,
        law: ['three stages of learning in schedule time, above what the size can reach (docs/math.md)'],
        noise: `grows with training and compute: ${untrained} nats in a model that learned nothing, ${trained} at 1e18 FLOPs`,
        coefficients: cs336Coefficients,
      }
    },
  },
  {
    name: 'handout',
    summary: 'the law of the CS336 handout: size and tokens alone, noise-free',
    async open() {
      const [{ handoutWorld }, { handoutLaw }] = await Promise.all([import('./published.ts'), import('./handout.ts')])
      const { E, A, alpha, B, beta } = handoutLaw
      return {
        world: handoutWorld(),
        form: null,
        law: [`L = ${E} + ${A} / N^${alpha} + ${B} / D^${beta}`, 'N = 12 n d^2, D = C / 6N; rate and batch do nothing'],
        noise: 'none',
        coefficients: handoutLaw,
      }
    },
  },
  {
    name: 'chinchilla',
    summary: "Chinchilla's published surface with Step Law's best rate and batch",
    async open() {
      const [{ chinchillaLaw, chinchillaWorld }, { stepLaw }] = await Promise.all([
        import('./published.ts'),
        import('../law/published.ts'),
      ])
      const { E, A, alpha, B, beta } = chinchillaLaw
      return {
        world: chinchillaWorld(),
        form: null,
        law: [
          `L = ${digits(E)} + ${digits(A)} / N^${digits(alpha)} + ${digits(B)} / D^${digits(beta)}, N = 12 n d^2, D = C / 6N`,
          `+ ${stepLaw.rateCurvature} (ln rate / best)^2, best rate = 1.79 N^-0.713 D^0.307`,
          `+ ${stepLaw.batchCurvature} (ln batch / best)^2, best batch = 0.58 D^0.571 tokens`,
        ],
        noise: '0.01 nats',
        coefficients: { surface: chinchillaLaw, stepLaw },
      }
    },
  },
]

const digits = (x: number, most = 4): string => String(Number(x.toPrecision(most)))

/** Every world there is. */
export const worldEntries: readonly WorldEntry[] = [
  ...kinds.map(({ name, summary }) => ({ name, summary })),
  {
    name: 'seed:N',
    summary: `drawn from a prior over laws of ${Object.keys(formTable).length} forms, N any whole number`,
  },
]

/** N of `seed:N`; null for other names. */
function seedOf(name: string): number | null {
  const digits = /^seed:(\d{1,15})$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

async function openDrawn(seed: number): Promise<WorldFacts> {
  const { drawnLawText, drawnWorld } = await import('./drawn.ts')
  const world = drawnWorld(seed)
  return {
    world,
    form: world.form,
    law: drawnLawText(world.law),
    noise: `${digits(world.law.noise)} nats`,
    coefficients: world.law,
  }
}

/**
 * A world by name, with its law in words.
 * @throws IsoflopError WORLD_UNKNOWN, saying which worlds there are.
 */
export async function describeWorld(name: string): Promise<WorldFacts> {
  const kind = kinds.find((candidate) => candidate.name === name)
  if (kind) return kind.open()
  const seed = seedOf(name)
  if (seed !== null) return openDrawn(seed)
  throw new IsoflopError(
    'WORLD_UNKNOWN',
    `There is no world "${name}".`,
    `There are ${worldEntries.map((entry) => entry.name).join(', ')}, N being a whole number such as 7.`,
  )
}

/**
 * A world by name: `cs336`, `handout`, `chinchilla`, or `seed:N`.
 *
 * @example const world = await openWorld('seed:7')
 * @throws IsoflopError WORLD_UNKNOWN, saying which worlds there are.
 */
export const openWorld = async (name: string): Promise<World> => (await describeWorld(name)).world

/** The form of a drawn world's loss; null for a world that is not drawn. Errors: WORLD_UNKNOWN. */
export const worldForm = async (name: string): Promise<FormName | null> => (await describeWorld(name)).form
