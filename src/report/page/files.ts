import { basename } from 'node:path'
import { figuresOf, type Page } from './blocks.ts'
import { htmlOf } from './html.ts'
import { markdownOf } from './markdown.ts'

/**
 * A document as text by file, in the format that the file's name asks for: `NAME.md` (or `.markdown`) is Markdown with its figures
 * as `NAME-figures/*.svg` beside it; every other name is one HTML page that needs nothing else.
 * @example reportFiles(page, 'out/report.md') // { 'out/report.md': '# ...', 'out/report-figures/optimum.svg': '<svg ...' }
 */
export function reportFiles(page: Page, file: string): Record<string, string> {
  const stem = file.replace(/\.(md|markdown)$/i, '')
  return stem === file ? { [file]: htmlOf(page) } : markdownFiles(page, file, `${stem}-figures`)
}

/** A document as Markdown and its figures as SVG in `folder`, which lies beside it: text by file. */
export const markdownFiles = (page: Page, file: string, folder: string): Record<string, string> => ({
  [file]: markdownOf(page, basename(folder)),
  ...Object.fromEntries(figuresOf(page.blocks).map(({ name, svg }) => [`${folder}/${name}.svg`, svg])),
})
