import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { en } from '../../src/report/words/en.ts'
import { languages } from '../../src/web/words/words.ts'

/** Every word by its path, with what kind of word it is. */
const pathsOf = (value: object, path = ''): string[] =>
  Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null
      ? pathsOf(inner, `${path}${key}.`)
      : [`${path}${key}: ${typeof inner === 'function' ? `of ${inner.length}` : typeof inner}`],
  )

test('the pages have the same words in every language, and none in another', () => {
  const { en, zh } = languages
  assert.deepEqual(pathsOf(zh).sort(), pathsOf(en).sort())
  const textsOf = (value: object): string[] =>
    Object.values(value).flatMap((inner) =>
      typeof inner === 'string' ? [inner] : typeof inner === 'object' && inner !== null ? textsOf(inner) : [],
    )
  for (const text of textsOf(en)) assert.doesNotMatch(text, /[\u4e00-\u9fff]/, text)
  const untranslated = textsOf(zh).filter((text) => text.length > 4 && !/[\u4e00-\u9fff]/.test(text))
  assert.deepEqual(untranslated, ['loss (nats/token)', 'FLOPs', 'FLOPs'])
})

test('one of a thing is not told as many', () => {
  const told = (value: object): string[] =>
    Object.values(value).flatMap((inner) => {
      if (typeof inner === 'function') return inner.length === 0 ? [] : [`${once(inner)}`]
      return typeof inner === 'object' && inner !== null ? told(inner) : []
    })
  const once = (say: (...counts: number[]) => unknown) => {
    try {
      return say(...Array.from({ length: say.length }, () => 1))
    } catch {
      return '' // it takes something else than counts
    }
  }
  const texts = [...told(languages.en), ...told(en)]
  assert.ok(texts.filter((text) => /\b1 (?:run|row|note|prediction)\b/.test(text)).length > 4)
  for (const text of texts)
    assert.doesNotMatch(text, /(?<!\bof )\b1 (?:runs|rows|notes|predictions|students|keys|models|layers|heads)\b/, text)
})

test('a page whose script has not the words of another page has nothing that asks for them', async () => {
  const { bundleWeb } = (await import(new URL('../../scripts/web.js', import.meta.url).href)) as {
    bundleWeb(): Promise<{ inputs: Record<string, Record<string, { bytesInOutput: number }>> }>
  }
  const { inputs } = await bundleWeb()
  const asking = (script: string, words: RegExp) =>
    Object.entries(inputs[script])
      .filter(
        ([name, { bytesInOutput }]) =>
          !name.includes('node_modules') && /(?:^|\/)src\/\w+\/(?!words\/)/.test(name) && bytesInOutput > 0,
      )
      .map(([name]) => fileURLToPath(new URL(`../../${name.slice(name.indexOf('src/'))}`, import.meta.url)))
      .filter((file) => words.test(readFileSync(file, 'utf8')))
  const [ofCampaigns, ofClasses] = [/words\(\)\.campaign|\bcampaign(?:Figures)?\b[^=]*\} = words\(\)/, /\bsay\.class\b/]
  assert.deepEqual(asking('fit.en.js', ofCampaigns), [])
  assert.ok(asking('campaign.en.js', ofCampaigns).length > 3)
  for (const page of ['fit', 'campaign']) assert.deepEqual(asking(`${page}.en.js`, ofClasses), [])
  assert.ok(asking('class.en.js', ofClasses).length > 3)
})
