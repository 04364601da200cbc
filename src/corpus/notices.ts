import { shortList } from './listing.ts'

/** What has to be known of the inputs before anything is made of them, each thing with the files that it is true of. */
export class Notices {
  readonly #files = new Map<string, string[]>()

  add(what: string, file: string): void {
    const files = this.#files.get(what) ?? []
    files.push(file)
    this.#files.set(what, files)
  }

  lines(): string[] {
    return [...this.#files].map(([what, files]) => `${what}: ${shortList(files)}`)
  }
}
