import { type RefitRequest, refit } from './refit.ts'

/** Fits beside the page, which goes on answering. */
addEventListener('message', async ({ data }: MessageEvent<RefitRequest>) => {
  try {
    postMessage({ id: data.id, refit: await refit(data) })
  } catch (error) {
    postMessage({ id: data.id, fault: error instanceof Error ? error.message : String(error) })
  }
})
