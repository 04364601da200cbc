/** A pair of ends. */
export type Interval = readonly [low: number, high: number]
