// Bundles the pages of src/web with esbuild: a script for each page and language, what fits beside them, one style sheet. `npm run build` writes them to dist/web; in a clone the
// host asks for them when it starts (src/pages/assets.ts). Plain JavaScript for Node 20, which may be what packs.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const path = (place) => fileURLToPath(new URL(`../${place}`, import.meta.url))
export const languages = ['en', 'zh']
export const entrances = ['campaign', 'class', 'fit']

/**
 * One language for each script: what asks for the words of another is given those of this one. Both together would be a third of the script.
 */
const oneLanguage = (language) => ({
  name: 'one-language',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/(?:en|zh)\.ts$/ }, ({ path: asked, resolveDir, importer }) => {
      if (asked === `./${language}.ts` || !/[\\/]words[\\/]words\.ts$/.test(importer)) return undefined
      return { path: `${resolveDir}/${asked.slice(2)}`, namespace: 'one-language', pluginData: { resolveDir } }
    })
    onLoad({ filter: /.*/, namespace: 'one-language' }, ({ path: asked, pluginData: { resolveDir } }) => ({
      contents: `export { ${language} as ${asked.slice(-5, -3)} } from './${language}.ts'`,
      resolveDir,
      loader: 'ts',
    }))
  },
})

/** Words that a page has no use for: that of a fit says nothing of campaigns, and only that of a class of classes. A test looks that nothing in a page asks for what it has not. */
const withoutWords = (subject, contents) => ({
  name: `without-${subject}`,
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^\\./(?:en|zh)(?:-elsewhere)?-${subject}\\.ts$`)
    onResolve({ filter }, ({ path }) => ({ path, namespace: `without-${subject}` }))
    onLoad({ filter: /.*/, namespace: `without-${subject}` }, () => ({ contents, loader: 'js' }))
  },
})
const withoutCampaign = withoutWords(
  'campaign',
  'export const campaign = {}\nexport const campaignFigures = {}\nexport const campaignTexts = {}',
)
const withoutClass = withoutWords('class', 'export const classWords = {}')
const left = { campaign: [withoutClass], class: [], fit: [withoutClass, withoutCampaign] }

/**
 * What Plot brings and no figure here uses: maps, palettes and calendars, a tenth of the script. Their names stay, so that a figure that begins to use
 * one fails in the test that compares what browser and report draw.
 */
const unused = ['d3-geo', 'd3-scale-chromatic', 'd3-time-format']
const lean = {
  name: 'lean',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(?:${unused.join('|')})$`) }, ({ path }) => ({ path, namespace: 'unused' }))
    onLoad({ filter: /.*/, namespace: 'unused' }, async ({ path: name }) => {
      const names = Object.keys(await import(name))
      const body = 'const none = () => none\n'
      return { contents: `${body}${names.map((one) => `export { none as ${one} }`).join('\n')}`, loader: 'js' }
    })
  },
}

/** What is bundled and no page needs: checksums of spaces, which only records compare, and threads, which change no result. */
const standIns = {
  'node:crypto': `const none = { update: () => none, digest: () => '' }\nexport const createHash = () => none`,
  'node:os': 'export const availableParallelism = () => 1',
  'node:worker_threads': 'export const Worker = null',
}
const withoutNode = {
  name: 'without-node',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:(?:crypto|os|worker_threads)$/ }, ({ path }) => ({ path, namespace: 'without-node' }))
    onLoad({ filter: /.*/, namespace: 'without-node' }, ({ path: name }) => ({
      contents: standIns[name],
      loader: 'js',
    }))
  },
}

const options = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'silent',
}

/** One entry as text, in a language: for tests that draw what pages draw. */
export async function bundleEntry(entry, language = 'en') {
  const plugins = [oneLanguage(language), lean, withoutNode]
  const { outputFiles } = await build({ ...options, format: 'iife', plugins, entryPoints: [entry], write: false })
  return outputFiles[0].text
}

/** The files by their names, as `write: false` gives them, and of which modules each consists. */
export async function bundleWeb() {
  const files = {}
  const inputs = {}
  const add = async (name, entry, more) => {
    const { outputFiles, metafile } = await build({
      ...options,
      ...more,
      entryPoints: [path(entry)],
      write: false,
      metafile: true,
    })
    files[name] = outputFiles[0].contents
    inputs[name] = Object.values(metafile.outputs)[0].inputs
  }
  await Promise.all([
    ...entrances.flatMap((entrance) =>
      languages.map((language) =>
        add(`${entrance}.${language}.js`, `src/web/${entrance}/main.ts`, {
          plugins: [...left[entrance], oneLanguage(language), lean, withoutNode],
        }),
      ),
    ),
    add('refit.js', 'src/web/refit/worker.ts', { plugins: [withoutNode] }),
    add('analyse.js', 'src/web/fit/worker.ts', { plugins: [withoutNode] }),
    add('style.css', 'src/web/style.css', {}),
  ])
  return { files, inputs }
}

export const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length
