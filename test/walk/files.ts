import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, blocksOf } from './blocks.ts'
import { root } from './package.ts'

const isPage = (file: string) => file.endsWith('.md') && !/(^|\/)(node_modules|out|dist)\//.test(file)

/** The pages of this repository, in any language. */
export const pageFiles: readonly string[] = [
  ...readdirSync(root),
  ...['docs', 'data', 'examples', 'runtime'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  ),
].filter(isPage)

export const isTranslated = (file: string): boolean => /\.zh\.md$/.test(file)

export const blocksIn = (file: string): Block[] => blocksOf(readFileSync(join(root, file), 'utf8'))
