import type { ServerResponse } from 'node:http'

/**
 * What a stream of events tells: where things stand, to somebody who last saw a place of it. It keeps no log of events: whoever comes late, slept or reads
 * slowly is told the difference between then and now at once.
 */
export interface Source {
  /** What is new since a place; null where nothing is. A place that is not known, or none, is the beginning. */
  since(place: string | null): { readonly place: string; readonly data: unknown } | null
  /** Calls back when something is new; gives what ends that. */
  onNews(tell: () => void): () => void
}

/** How often a stream says that it is there, ms: proxies close what is silent for a minute, and a page can tell silence from death. */
const beatMs = 15_000

/** Streams of server-sent events from one source: one for each tab. */
export class Streams {
  readonly #source: Source
  readonly #open = new Map<string, ServerResponse>()

  constructor(source: Source) {
    this.#source = source
  }

  /** How many look on. */
  get size(): number {
    return this.#open.size
  }

  /** Tells a tab what is new, from the place where its last stream ended; an older stream of the same tab ends. */
  open(response: ServerResponse, tab: string, place: string | null, onClose: () => void = () => {}): void {
    this.#open.get(tab)?.end()
    this.#open.set(tab, response)
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no',
    })
    response.write('retry: 1000\n\n')
    let known = place
    let isFull = false
    const tell = () => {
      if (isFull) return
      const news = this.#source.since(known)
      if (news === null) return
      known = news.place
      // Whoever reads slowly is told the rest at once when there is room again.
      isFull = !response.write(`id: ${news.place}\ndata: ${JSON.stringify(news.data)}\n\n`)
    }
    const beat = setInterval(() => response.write('event: beat\ndata: \n\n'), beatMs)
    const silence = this.#source.onNews(tell)
    response.on('drain', () => {
      isFull = false
      tell()
    })
    response.on('close', () => {
      clearInterval(beat)
      silence()
      if (this.#open.get(tab) === response) this.#open.delete(tab)
      onClose()
    })
    tell()
  }

  close(): void {
    for (const response of this.#open.values()) response.end()
  }
}
