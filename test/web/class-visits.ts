import { after } from 'node:test'
import { classServing, type ServedClass } from '../server/classes.ts'
import { type VisitOptions, visit } from './browser.ts'

/** What is closed when a file's tests are done, the last one first. */
export const closing: (() => Promise<unknown>)[] = []
after(async () => {
  for (const close of closing.reverse()) await close()
})

export async function serveClass(options: Parameters<typeof classServing>[0]): Promise<ServedClass> {
  const served = await classServing(options)
  closing.push(() => served.close().catch(() => {}))
  return served
}

export type OpenOptions = VisitOptions & { readonly lang?: string }

/** Opens the server's page and signs in, as a person does. */
export async function open(url: string, key: string, options: OpenOptions = {}) {
  const visiting = await visit(`${url}/?lang=${options.lang ?? 'en'}`, options)
  closing.push(() => visiting.close())
  await visiting.page.locator('#key').fill(key)
  await visiting.page.locator('form button[type=submit]').click()
  await visiting.page.locator('header h1').waitFor()
  return visiting
}
