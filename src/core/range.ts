/** From the least to the most allowed value. */
export interface Range {
  readonly least: number
  readonly most: number
}

export const logRange = ({ least, most }: Range): Range => ({ least: Math.log(least), most: Math.log(most) })
export const clamp = (x: number, { least, most }: Range): number => Math.min(Math.max(x, least), most)
