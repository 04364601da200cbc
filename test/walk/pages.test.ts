import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blocksIn, isTranslated, pageFiles } from './files.ts'
import { pages } from './pages.ts'

// What test/walk/pages.walk.ts needs to follow a page, looked at in a second where a page is changed.

test('a page in Chinese has the commands and programs of the English one, so that its walk is the same', () => {
  const translated = pageFiles.filter(isTranslated)
  assert.ok(translated.length >= 3)
  for (const file of translated) {
    const texts = (name: string) => blocksIn(name).map(({ kind, text }) => [kind, text])
    assert.deepEqual(texts(file), texts(file.replace('.zh.md', '.md')), file)
  }
})

test('pages.ts says where the reader of each page with blocks is, and of no other', () => {
  const withBlocks = pageFiles.filter((file) => !isTranslated(file) && blocksIn(file).length > 0)
  assert.deepEqual(Object.keys(pages).sort(), withBlocks.sort())
})

for (const [file, { asides }] of Object.entries(pages))
  test(`each block of ${file} is typed, run or known as something to read, and what is known of it is there`, () => {
    const blocks = blocksIn(file)
    const known = asides.filter(({ kind }) => kind === 'read' || kind === 'left out')
    const unknown = blocks.filter(({ kind, text }) => kind === 'text' && !known.some(({ at }) => text.startsWith(at)))
    assert.deepEqual(unknown, [], 'what kindOf in blocks.ts takes for text has to be a "read" in pages.ts')
    const places = blocks.flatMap(({ section, text }) => [section, text])
    const stale = asides.filter(({ at }) => !places.some((place) => place.includes(at)))
    // What one aside makes of a block another one may go by.
    const made = asides.flatMap((aside) => (aside.kind === 'before' ? aside.does : []))
    assert.deepEqual(
      stale.filter(({ at }) => !made.some((typed) => typeof typed === 'string' && typed.includes(at))),
      [],
      'what pages.ts has, and the page has not',
    )
    for (const { at, why } of asides) assert.ok(why.length > 3, `${file}: why is ${at} an aside?`)
  })
