/** The coefficients of a group's law as they are searched: logarithms, the two terms at a centre that all groups have. */
export const coordinates = ['E', 'A', 'B', 'alpha', 'beta', 'q'] as const
export type Coordinate = (typeof coordinates)[number]
export const lawSize = coordinates.length

/** A model of several groups: what each has for itself; the rest they share. */
export interface Sharing {
  readonly name: SharingName
  readonly own: readonly Coordinate[]
}

export type SharingName = 'one' | 'tokens' | 'plateau' | 'exponents' | 'own'

/**
 * Nested models, each with more of its own than the one before (E92): one law; a factor of tokens, L_g(N, D) = L(N, D / k_g); the
 * plateau E too; the term of N too, so that only alpha, beta and q are shared; nothing shared.
 */
export const sharings = [
  { name: 'one', own: [] },
  { name: 'tokens', own: ['B'] },
  { name: 'plateau', own: ['E', 'B'] },
  { name: 'exponents', own: ['E', 'A', 'B'] },
  { name: 'own', own: coordinates },
] as const satisfies Sharing[]

export const sharingOf = (name: SharingName): Sharing => sharings.find((sharing) => sharing.name === name)!

/** Where the coefficients of each group stand among those that are free. */
export interface Layout {
  readonly sharing: Sharing
  readonly groups: number
  /** How many are free. */
  readonly size: number
  /** `[groups][6]`. */
  readonly place: readonly Int32Array[]
}

/** The free coefficients of a model: those that are shared once, the others once for each group. */
export function layoutOf(sharing: Sharing, groups: number): Layout {
  const place = Array.from({ length: groups }, () => new Int32Array(lawSize))
  let size = 0
  for (const [k, name] of coordinates.entries()) {
    const isOwn = sharing.own.includes(name)
    for (let g = 0; g < groups; g++) place[g][k] = size + (isOwn ? g : 0)
    size += isOwn ? groups : 1
  }
  return { sharing, groups, size, place }
}

/** The coefficients of one group among the free ones. */
export const groupTheta = (theta: ArrayLike<number>, { place }: Layout, group: number): Float64Array =>
  Float64Array.from(place[group], (at) => theta[at])

/** The free coefficients that are nearest to one law for each group: of what is shared, the mean. */
export function gather(thetas: readonly ArrayLike<number>[], { size, place }: Layout): Float64Array {
  const sum = new Float64Array(size)
  const count = new Float64Array(size)
  for (const [g, theta] of thetas.entries())
    for (let k = 0; k < lawSize; k++) {
      sum[place[g][k]] += theta[k]
      count[place[g][k]]++
    }
  return sum.map((value, at) => value / count[at])
}

/** The free coefficients with what is shared as one group has it. */
export function gatherFrom(thetas: readonly ArrayLike<number>[], layout: Layout, group: number): Float64Array {
  const free = gather(thetas, layout)
  for (const [k, name] of coordinates.entries())
    if (!layout.sharing.own.includes(name)) free[layout.place[group][k]] = thetas[group][k]
  return free
}
