import { createRequire } from 'node:module'
import { loadPackage } from '../../core/packages.ts'

/** Pixels of the PNG for one of the SVG. */
const scale = 2

const fonts = 'dejavu-fonts-ttf'

/**
 * A figure as PNG on white, twice as large as its SVG. The font comes with the package, so the picture does not depend on the
 * machine's fonts; the renderer is loaded on first use.
 * @throws IsoflopError PACKAGE_MISSING; an Error where the native renderer @resvg/resvg-js has no build for this platform.
 */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await loadPackage('@resvg/resvg-js', () => import('@resvg/resvg-js'), 'PNG files', [fonts])
  const fontFiles = await loadPackage(fonts, async () => fontsOf(fonts), 'PNG files')
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    background: '#ffffff',
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
  })
  return image.render().asPng()
}

function fontsOf(name: string): string[] {
  const { resolve } = createRequire(import.meta.url)
  return ['DejaVuSans', 'DejaVuSans-Bold'].map((font) => resolve(`${name}/ttf/${font}.ttf`))
}
