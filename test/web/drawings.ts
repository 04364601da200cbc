/** What test/web/figures.web.ts and the script that it runs in a browser tell each other. */
export type Kind = 'campaign' | 'fit' | 'groups' | 'pool' | 'class'
export type Form = 'draw' | 'narrow'

/** A figure as lists of what it consists of, as the browser draws it and as it was drawn elsewhere. */
export interface Drawings {
  readonly name: string
  readonly here: unknown
  readonly there: unknown
}
