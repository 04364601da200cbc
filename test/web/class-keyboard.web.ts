import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { needsBrowser, visit } from './browser.ts'
import { closing, serveClass } from './class-visits.ts'
import { keyboardOf } from './keyboard.ts'

/** Opens the page and signs in; the keyboard is at the key from the start. */
async function signedInByKeyboard(url: string, key: string, lang = 'en') {
  const visiting = await visit(`${url}/?lang=${lang}`)
  closing.push(() => visiting.close())
  const { page } = visiting
  await page.locator('#key:focus').waitFor()
  await page.keyboard.insertText(key)
  await page.keyboard.press('Enter')
  await page.locator('header h1').waitFor()
  return { ...visiting, keyboard: keyboardOf(page) }
}

test('a learner does the whole assignment by the keyboard alone, in Chinese', { skip: needsBrowser }, async () => {
  const { url, store, students } = await serveClass({ students: 1, runs: 0 })
  const { id } = students[0]
  const { page, clean, keyboard } = await signedInByKeyboard(url, students[0].key, 'zh')
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans')

  let asked = 0
  for (const width of ['128', '256', '512']) {
    await keyboard.write('.query [name=d_model]', width)
    await keyboard.reach('.query [name=train_flops]')
    if (asked === 0) for (let k = 0; k < 3; k++) await page.keyboard.press('ArrowDown')
    await keyboard.press('.query button[type=submit]')
    asked++
    await page.locator('.counts strong', { hasText: new RegExp(`^${asked}$`) }).waitFor()
    await page.locator('.query [role=status]', { hasText: `4×${width}` }).waitFor()
    await keyboard.reach('.query [name=d_model]', 'Shift+Tab')
  }
  assert.equal((await store.runs(id, 0n, 9)).runs.length, 3)

  await keyboard.press('.query summary', 'Enter')
  await keyboard.reach('.query .code section')

  const values = {
    ...{ d_model: '1024', num_layers: '16', num_heads: '16', learning_rate: '3e-4', predicted_loss: '3.25' },
  }
  for (const [name, value] of Object.entries(values)) await keyboard.write(`.prediction [name=${name}]`, value)
  await keyboard.press('.prediction button[type=submit]')
  assert.equal((await store.submissions(id)).length, 0, 'it is asked first')
  await keyboard.press('.prediction button[type=submit]')
  await page.locator('.prediction .history tbody tr').waitFor()
  assert.equal((await store.submissions(id))[0].predictedLoss, 3.25)

  // The runs: filtered, sorted, gone through; the one that is picked is marked in the figure.
  await keyboard.write('#runs input', 'loss<99')
  await keyboard.press('#runs th:nth-child(3) button')
  await keyboard.reach('#runs .scroll', 'Shift+Tab')
  for (let k = 0; k < 2; k++) await page.keyboard.press('ArrowDown')
  await page.locator('#runs tr.selected').waitFor()
  await page.locator('figure .over .selected').waitFor()
  assert.doesNotMatch(String(await page.evaluate('document.body.innerText')), /Budget|attempts|Sign out/)
  await clean()
  await keyboard.reach('.walk', 'Shift+Tab')
  await page.keyboard.press('ArrowLeft')
  assert.match((await page.locator('figure [aria-live]').textContent())!, /^loss [\d.]+ nats\/token, N .* FLOPs, /)
  await keyboard.reach('退出', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page.locator('#key:focus').waitFor()
})

test('an instructor has the first hour by the keyboard alone', { skip: needsBrowser }, async () => {
  const { url, store, instructor } = await serveClass({ students: 3, runs: 2 })
  const { page, clean, keyboard } = await signedInByKeyboard(url, instructor)
  await page.locator('#students tbody tr', { hasText: 'Student 3' }).waitFor()

  // The page can be skipped to the students, of whom one is found, picked and opened.
  await keyboard.press('Skip to the students')
  await keyboard.write('#students input', 'runs=2')
  await page.locator('#students .hint', { hasText: '3 of 4' }).waitFor()
  await keyboard.reach('#students .scroll')
  await page.keyboard.press('ArrowDown')
  await page.locator('.student-card').waitFor()
  await page.keyboard.press('Enter')
  await page.locator('#student:focus').waitFor()
  const { id } = (await store.listKeys()).find(({ label }) => label === 'Student 1')!
  const card = page.locator('.student-card')
  const answered = (text: string) => card.getByText(text).waitFor()
  await keyboard.press('Revoke key')
  await answered('The key works no more')
  await keyboard.press('Restore key')
  await answered('The key works again')
  await keyboard.press('New key')
  await keyboard.press('New key: the old one ends')
  await answered('this is the new one')
  await keyboard.press('Reset')
  await keyboard.press('Reset: forget 2 runs')
  await answered('predictions stay')
  assert.equal((await store.getKey(id))!.used, 0n)
  await keyboard.press('Undo the reset')
  await answered('is there again')
  assert.notEqual((await store.getKey(id))!.used, 0n)
  await keyboard.write('.student-card [name=budget]', '5e18')
  await keyboard.press('Set budget')
  await answered('The budget is changed')
  assert.equal((await store.getKey(id))!.budget, 5n * 10n ** 18n)

  // What holds for all: the deadline by its digits, attempts, the leaderboard.
  await keyboard.reach('.settings [name=deadline]')
  await page.keyboard.type('05012031')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.type('1200PM')
  await keyboard.press('Save')
  await page.getByText('redictions until').first().waitFor()
  await keyboard.write('.settings [name=attempts]', '3')
  await keyboard.press('Save')
  await page.getByRole('button', { name: 'as the server was started (5)' }).waitFor()
  await keyboard.press('.settings [type=checkbox]', 'Space')
  await page.getByLabel('Publish the leaderboard').and(page.locator(':checked')).waitFor()
  assert.equal((await fetch(`${url}/leaderboard`)).status, 200)

  // Keys of a list, saved; everything as CSV.
  await keyboard.write('#list', Array.from({ length: 200 }, (_, k) => `Person ${k + 1}`).join('\n'))
  await keyboard.press('Make keys')
  await page.getByText('200 keys made.').waitFor()
  const save = async (what: string) => {
    const saved = page.waitForEvent('download')
    await keyboard.press(what)
    return (await readFile(await (await saved).path(), 'utf8')).trimEnd().split('\n').length
  }
  assert.equal(await save('Save as CSV'), 201)
  assert.ok((await save('class.csv')) >= 204)
  await clean()
})
