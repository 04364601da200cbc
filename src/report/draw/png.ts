import { createRequire } from 'node:module'

/** Pixels of the PNG for one of the SVG. */
const scale = 2

/**
 * A figure as PNG on white, twice as large as its SVG. The font comes with the package, so the picture does not depend on the
 * machine's fonts; the renderer is loaded on first use.
 * @throws when the native renderer @resvg/resvg-js has no build for this platform.
 */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js')
  const { resolve } = createRequire(import.meta.url)
  const fontFiles = ['DejaVuSans', 'DejaVuSans-Bold'].map((name) => resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`))
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    background: '#ffffff',
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
  })
  return image.render().asPng()
}
