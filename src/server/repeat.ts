/** Does work again and again, never twice at once; gives what ends it. */
export function repeat(work: () => Promise<void>, everyMs: number, onError: (error: Error) => void): () => void {
  let isWorking = false
  const timer = setInterval(() => {
    if (isWorking) return
    isWorking = true
    work()
      .catch(onError)
      .finally(() => {
        isWorking = false
      })
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
