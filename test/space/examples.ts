import { fileURLToPath } from 'node:url'
import type { Config } from '../../src/core/config.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { readSpace } from '../../src/space/file.ts'
import type { Space } from '../../src/space/space.ts'

const file = (name: string) => fileURLToPath(new URL(`../../examples/spaces/${name}`, import.meta.url))
export const files = { llama: file('llama.json'), ladder: file('ladder.toml') } as const

/** A family by knobs, a list of models, and the course's space. */
export const llama = await readSpace(files.llama)
export const ladder = await readSpace(files.ladder)
export const spaces: readonly Space[] = [apiSpace as Space<Config>, llama, ladder]
