import { hash } from 'node:crypto'
import type { SplitName } from './manifest.ts'

/** Hashes are whole numbers below this. */
const hashes = 2 ** 32

/** The first 32 bits of a text's SHA-256: equal texts are on one side, so that no copy of a validation text is trained on. */
export const splitHash = (text: string): number => hash('sha256', text, 'buffer').readUInt32BE()

/** The bound below which a hash is of the validation part. */
export const boundOf = (valFraction: number): number => Math.round(valFraction * hashes)

export const sideOf = (textHash: number, bound: number): SplitName => (textHash < bound ? 'val' : 'train')

/** Bytes of text of which both parts always get some. */
export const enoughText = 1 << 16

/** Bytes of text that a part has at least where there is enough: 900 tokens, more than the window of a training. */
const leastBytes = 1 << 12

/** Whether both parts have what they need, and of few documents no large one went to validate with. */
export function isSplit(trainBytes: number, valBytes: number, valFraction: number): boolean {
  const total = trainBytes + valBytes
  if (total < enoughText) return trainBytes > 0 && valBytes > 0
  const most = total * Math.max(0.25, 2 * valFraction)
  return Math.min(trainBytes, valBytes) >= leastBytes && valBytes <= most
}

/** What is remembered of hashes, to move the bound where chance gave a part too little. */
export interface HashEnds {
  /** Hashes of the lowest texts with their bytes, as many as make a validation part, the lowest first. */
  readonly lowest: readonly (readonly [textHash: number, bytes: number])[]
  /** Null before the first text. */
  readonly highest: number | null
}

/** With a text more; copies count once. */
export function withText({ lowest, highest }: HashEnds, textHash: number, bytes: number): HashEnds {
  const ends = { lowest, highest: Math.max(textHash, highest ?? 0) }
  const sum = lowest.reduce((total, [, size]) => total + size, 0)
  const isAmong = sum < leastBytes || textHash < lowest[lowest.length - 1][0]
  if (!isAmong || lowest.some(([other]) => other === textHash)) return ends
  const sorted = [...lowest, [textHash, bytes] as const].sort(([p], [q]) => p - q)
  for (let left = sum + bytes; left - sorted[sorted.length - 1][1] >= leastBytes; ) left -= sorted.pop()![1]
  return { ...ends, lowest: sorted }
}

/** A bound with which the part that has too little gets some; null where all texts are equal, or it is not known where. */
export function boundForBoth({ lowest, highest }: HashEnds, trainBytes: number, valBytes: number): number | null {
  if (highest === null || lowest[0][0] === highest) return null
  const least = trainBytes + valBytes < enoughText ? 1 : leastBytes
  if (valBytes >= least) return trainBytes === 0 ? highest : null
  const last = least === 1 ? lowest[0] : lowest[lowest.length - 1]
  // The highest stays to train on.
  return Math.min(last[0] + 1, highest)
}
