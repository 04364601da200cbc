import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { IsoflopError } from '../core/errors.ts'
import { marked } from './mark.ts'
import { writeOutput } from './output.ts'
import { say } from './print.ts'

/**
 * Writes a figure as SVG and, as `drawn` says it, as PNG; the files written. Where what draws PNG is not installed it is said, once, and the SVG is
 * enough. Errors: OUTPUT_FAILED.
 */
export async function writeFigure(
  place: string,
  mark: string,
  { svg, drawn }: { readonly svg: string; readonly drawn: string },
): Promise<string[]> {
  await writeOutput(`${place}.svg`, marked(svg, mark))
  const png = await pngOf(drawn)
  if (png === null) return [`${place}.svg`]
  await writeOutput(`${place}.png`, png)
  return [`${place}.svg`, `${place}.png`]
}

/** Where figures go, as what tells whether their place is free: a PNG stands and falls with the SVG of its name. */
export const figureFiles = (folder: string, figures: readonly { readonly name: string }[]): string[] =>
  figures.map(({ name }) => {
    const [svg, png] = ['svg', 'png'].map((ending) => join(folder, `${name}.${ending}`))
    return existsSync(svg) ? svg : png
  })

let isTold = false

async function pngOf(svg: string): Promise<Uint8Array | null> {
  const { renderPng } = await import('../report/draw/png.ts')
  try {
    return await renderPng(svg)
  } catch (error) {
    if (!(error instanceof IsoflopError) || error.code !== 'PACKAGE_MISSING') throw error
    if (!isTold) say(`note: figures are written as SVG alone. ${error.message}\n  ${error.advice}`)
    isTold = true
    return null
  }
}
