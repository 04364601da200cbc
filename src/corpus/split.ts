import { hash } from 'node:crypto'
import type { SplitName } from './manifest.ts'

/** Hashes are whole numbers below this. */
const hashes = 2 ** 32

/** The first 32 bits of a text's SHA-256: equal texts are on one side, so that no copy of a validation text is trained on. */
export const splitHash = (text: string): number => hash('sha256', text, 'buffer').readUInt32BE()

/** The bound below which a hash is of the validation part. */
export const boundOf = (valFraction: number): number => Math.round(valFraction * hashes)

export const sideOf = (textHash: number, bound: number): SplitName => (textHash < bound ? 'val' : 'train')
