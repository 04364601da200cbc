import { IsoflopError } from '../core/errors.ts'
import { writeOutput } from './output.ts'
import { say } from './print.ts'

/**
 * Writes a figure as SVG and, as `drawn` says it, as PNG; the files written. Where what draws PNG is not installed it is said, once, and the SVG is
 * enough. Errors: OUTPUT_FAILED.
 */
export async function writeFigure(
  place: string,
  { svg, drawn }: { readonly svg: string; readonly drawn: string },
): Promise<string[]> {
  await writeOutput(`${place}.svg`, svg)
  const png = await pngOf(drawn)
  if (png === null) return [`${place}.svg`]
  await writeOutput(`${place}.png`, png)
  return [`${place}.svg`, `${place}.png`]
}

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
