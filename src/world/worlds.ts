import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiSpace, courseSpace } from '../cs336/space.ts'
import type { Space } from '../space/space.ts'
import { type FormName, formTable } from './forms.ts'
import type { World } from './world.ts'

/** A kind of world that can be opened by name. */
export interface WorldEntry {
  /** As it is written on the command line; `seed:N` and `staged:N` stand for as many worlds as there are whole numbers. */
  readonly name: string
  readonly summary: string
}

/** What is known of a world beside its loss, in words and numbers. */
export interface WorldFacts<C extends Config = TrainingConfig> {
  readonly world: World<C>
  /** The form of its loss among those of `seed:N` worlds; null for the others. */
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
  readonly open: (space: Space) => Promise<WorldFacts<Config>>
}

const digits = (x: number, most = 4): string => String(Number(x.toPrecision(most)))

const stagesText = 'three stages of learning in schedule time, above what the size can reach (docs/math.md)'

/** Of the calibrated form's noise, which grows. */
function noiseText(world: World): string {
  const config = { dModel: 512, numLayers: 8, numHeads: 8, batchSize: 128, learningRate: 1e-3, trainFlops: 1e18 }
  const [untrained, trained] = [1e10, 1e18].map((trainFlops) => digits(world.noise({ ...config, trainFlops }), 2))
  return `grows with training and compute: ${untrained} nats in a model that learned nothing, ${trained} at 1e18 FLOPs`
}

/** Loaded only when they are opened: most commands need one world or none. */
const kinds: readonly Kind[] = [
  {
    name: 'cs336',
    summary: 'the training API of CS336 assignment 3, fitted to its published answers',
    async open(space) {
      onlyCourse('cs336', space)
      const { cs336Coefficients, cs336World } = await import('./calibrated.ts')
      const world = cs336World()
      return { world, form: null, law: [stagesText], noise: noiseText(world), coefficients: cs336Coefficients }
    },
  },
  {
    name: 'handout',
    summary: 'the law of the CS336 handout: size and tokens alone, noise-free',
    async open(space) {
      const [{ handoutWorld }, { handoutLaw }] = await Promise.all([import('./published.ts'), import('./handout.ts')])
      const { E, A, alpha, B, beta } = handoutLaw
      return {
        world: handoutWorld(space),
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
    async open(space) {
      const [{ chinchillaLaw, chinchillaWorld }, { stepLaw }] = await Promise.all([
        import('./published.ts'),
        import('../law/published.ts'),
      ])
      const { E, A, alpha, B, beta } = chinchillaLaw
      return {
        world: chinchillaWorld(space),
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

/** Worlds that are drawn: one for each whole number. */
const families: readonly (WorldEntry & {
  readonly draw: (seed: number, space: Space) => Promise<WorldFacts<Config>>
})[] = [
  {
    name: 'seed:N',
    summary: `drawn from a prior over laws of ${Object.keys(formTable).length} forms, N any whole number`,
    draw: openDrawn,
  },
  {
    name: 'staged:N',
    summary: 'learns in stages as cs336 does, with coefficients drawn about its own, N any whole number',
    draw: openStaged,
  },
]

/** Every world there is. */
export const worldEntries: readonly WorldEntry[] = [...kinds, ...families].map(({ name, summary }) => ({
  name,
  summary,
}))

/** Refuses a space that a world which was fitted to the course's models knows nothing of. Errors: BAD_OPTION. */
function onlyCourse(name: string, { name: there, vocabularySize }: Space): void {
  if (there === apiSpace.name && vocabularySize === apiSpace.vocabularySize) return
  const models = there === apiSpace.name ? `of ${vocabularySize} words` : `of the space ${there}`
  throw new IsoflopError(
    'BAD_OPTION',
    `The world ${name} was fitted to the course's models of ${apiSpace.vocabularySize} words and cannot say what models ${models} reach.`,
    'Name a world that any models can be of: seed:N, handout or chinchilla.',
  )
}

/** The drawn world of a name such as `seed:7`; null for other names. */
function drawnOf(name: string, space: Space): Promise<WorldFacts<Config>> | null {
  const [, family, digits] = /^([a-z]+:)(\d{1,15})$/.exec(name) ?? []
  const found = families.find((candidate) => candidate.name === `${family}N`)
  return found === undefined ? null : found.draw(Number(digits), space)
}

async function openDrawn(seed: number, space: Space): Promise<WorldFacts<Config>> {
  const { drawnLawText, drawnWorld } = await import('./drawn.ts')
  const world = drawnWorld(seed, space)
  return {
    world,
    form: world.form,
    law: drawnLawText(world.law),
    noise: `${digits(world.law.noise)} nats`,
    coefficients: world.law,
  }
}

async function openStaged(seed: number, space: Space): Promise<WorldFacts<Config>> {
  onlyCourse(`staged:${seed}`, space)
  const { stagedWorld } = await import('./staged.ts')
  const world = stagedWorld(seed)
  const { coefficients } = world
  return { world, form: null, law: [stagesText], noise: noiseText(world), coefficients }
}

/**
 * A world by name over a space, the course's by default, with its law in words.
 * @throws IsoflopError WORLD_UNKNOWN, saying which worlds there are; BAD_OPTION for a space that the world knows nothing of.
 */
export const describeWorld = async <C extends Config = TrainingConfig>(
  name: string,
  space: Space<C> = courseSpace<C>(),
): Promise<WorldFacts<C>> => (await described(name, space)) as unknown as WorldFacts<C>

async function described(name: string, space: Space): Promise<WorldFacts<Config>> {
  const kind = kinds.find((candidate) => candidate.name === name)
  if (kind) return kind.open(space)
  const drawn = drawnOf(name, space)
  if (drawn !== null) return drawn
  throw new IsoflopError(
    'WORLD_UNKNOWN',
    `There is no world "${name}".`,
    `There are ${worldEntries.map((entry) => entry.name).join(', ')}, N being a whole number such as 7.`,
  )
}

/**
 * A world by name: `cs336`, `handout`, `chinchilla`, `seed:N` or `staged:N`.
 *
 * @example const world = await openWorld('seed:7')
 * @throws IsoflopError WORLD_UNKNOWN, saying which worlds there are.
 */
export const openWorld = async <C extends Config = TrainingConfig>(
  name: string,
  space: Space<C> = courseSpace<C>(),
): Promise<World<C>> => (await describeWorld<C>(name, space)).world

/** The form of the loss of a `seed:N` world; null for the others. Errors: WORLD_UNKNOWN. */
export const worldForm = async (name: string): Promise<FormName | null> => (await describeWorld(name)).form
